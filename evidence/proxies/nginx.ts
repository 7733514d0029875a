import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Caddy } from "./caddy";
import { startProgram, type Program } from "./program";
import { fillRecipe } from "./recipe";

/** ops/proxies/nginx.conf with the certificate of `caddy`. `changes` are laid over the recipe. */
export async function startNginx(
  folder: string,
  { port, httpPort, instances, caddy, changes = {} }: Settings,
): Promise<Program> {
  mkdirSync(folder, { recursive: true });
  const [one, two = one] = instances;
  const site = fillRecipe("ops/proxies/nginx.conf", {
    "listen 80;": `listen 127.0.0.1:${httpPort};`,
    "listen [::]:80;": "",
    "listen 443 ssl http2;": `listen ${port} ssl http2;`,
    "listen [::]:443 ssl http2;": `listen [::]:${port} ssl http2;`,
    "https://app.example.com": `https://localhost:${port}`,
    "server_name app.example.com": "server_name localhost",
    "/etc/ssl/app.example.com/fullchain.pem": caddy.certificateFile,
    "/etc/ssl/app.example.com/privkey.pem": caddy.keyFile,
    "127.0.0.1:3001": `127.0.0.1:${one}`,
    "127.0.0.1:3002": `127.0.0.1:${two}`,
    ...changes,
  });
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${kind};`);
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    `daemon off; master_process off; pid nginx.pid; error_log stderr warn; events {}
http { access_log off; ${places.join(" ")}
${site}}
`,
  );
  const args = ["-p", folder, "-e", "stderr", "-c", config];
  return startProgram("nginx", args, { folder, ports: [port, httpPort] });
}

export interface Settings {
  port: number;
  httpPort: number;
  instances: number[];
  caddy: Caddy;
  changes?: Record<string, string>;
}
