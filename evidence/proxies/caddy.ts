import { readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { findServerPort } from "@/scripts/loopback.mjs";
import { ROOT } from "@/scripts/paths.mjs";
import { startProgram, type Program } from "./program";
import { fillRecipe } from "./recipe";

const CERTIFICATE_SECONDS = 20;

export interface Caddy extends Program {
  httpPort: number;
  httpsPort: number;
  /** Certificate of Caddy's local authority, which signed that of localhost. */
  caCertificate: string;
  authorityFile: string;
  certificateFile: string;
  keyFile: string;
}

/** Caddy with the repository's Caddyfile, in front of the instances on these ports. */
export async function startCaddy(folder: string, httpsPort: number, instances: number[]): Promise<Caddy> {
  const httpPort = await findServerPort();
  const env = {
    ...homeIn(folder),
    CADDY_ADMIN: "off",
    HTTP_PORT: String(httpPort),
    APP_HOST: `localhost:${httpsPort}`,
    UPSTREAMS: `to ${instances.map((port) => `127.0.0.1:${port}`).join(" ")}`,
  };
  const args = ["run", "--adapter", "caddyfile", "--config", join(ROOT, "Caddyfile")];
  const program = await startProgram("caddy", args, { folder, env, ports: [httpPort, httpsPort] });
  await waitForCertificate(httpsPort);
  const data = join(folder, "data", "caddy");
  const issued = join(data, "certificates", "local", "localhost", "localhost");
  const authorityFile = join(data, "pki", "authorities", "local", "root.crt");
  return {
    ...program,
    httpPort,
    httpsPort,
    caCertificate: readFileSync(authorityFile, "utf8"),
    authorityFile,
    certificateFile: `${issued}.crt`,
    keyFile: `${issued}.key`,
  };
}

/** Caddy with ops/proxies/inner.Caddyfile: plain HTTP, trusting the address `outer`. */
export async function startInnerCaddy(folder: string, port: number, outer: string, instance: number): Promise<Program> {
  await mkdir(folder, { recursive: true });
  const config = join(folder, "Caddyfile");
  const text = fillRecipe("ops/proxies/inner.Caddyfile", {
    ":8080": `:${port}`,
    "10.0.0.10/32": `${outer}/32`,
    "127.0.0.1:3001 127.0.0.1:3002": `127.0.0.1:${instance}`,
    skip_install_trust: "skip_install_trust\n\tadmin off",
  });
  writeFileSync(config, text);
  const args = ["run", "--adapter", "caddyfile", "--config", config];
  return startProgram("caddy", args, { folder, env: homeIn(folder), ports: [port] });
}

/** Caddy accepts connections before it has a certificate. */
async function waitForCertificate(port: number): Promise<void> {
  const deadline = Date.now() + CERTIFICATE_SECONDS * 1000;
  while (!(await canConnect(port))) {
    if (Date.now() > deadline) throw new Error(`Caddy has no certificate after ${CERTIFICATE_SECONDS} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // The tests verify the certificate.
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
    const settle = (greeted: boolean) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.once("secureConnect", () => settle(true)).once("error", () => settle(false));
  });
}

function homeIn(folder: string): Record<string, string> {
  return { HOME: folder, XDG_DATA_HOME: join(folder, "data"), XDG_CONFIG_HOME: join(folder, "config") };
}
