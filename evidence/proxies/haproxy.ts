import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "./nginx";
import { startProgram, type Program } from "./program";
import { fillRecipe } from "./recipe";

/** ops/proxies/haproxy.cfg with the certificate of `caddy`. `changes` are laid over the recipe. */
export async function startHaproxy(
  folder: string,
  { port, httpPort, instances, caddy, changes = {} }: Settings,
): Promise<Program> {
  mkdirSync(folder, { recursive: true });
  const [one, two = one] = instances;
  const pem = join(folder, "combined.pem");
  writeFileSync(pem, readFileSync(caddy.certificateFile, "utf8") + readFileSync(caddy.keyFile, "utf8"), {
    mode: 0o600,
  });
  const config = join(folder, "haproxy.cfg");
  writeFileSync(
    config,
    fillRecipe("ops/proxies/haproxy.cfg", {
      "bind :::80 v4v6": `bind :::${httpPort} v4v6`,
      "bind :::443 v4v6": `bind :::${port} v4v6`,
      "https://app.example.com": `https://localhost:${port}`,
      "Host app.example.com": "Host localhost",
      "/etc/ssl/app.example.com/combined.pem": pem,
      "127.0.0.1:3001": `127.0.0.1:${one}`,
      "127.0.0.1:3002": `127.0.0.1:${two}`,
      ...changes,
    }),
  );
  return startProgram("haproxy", ["-db", "-f", config], { folder, ports: [port, httpPort] });
}
