import { spawn } from "node:child_process";
import { closeSync, existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { onExit } from "./lifecycle.mjs";
import { findServerPort, isPortInUse } from "./loopback.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { openPrivateFile } from "./private-files.mjs";
import { paint } from "./progress.mjs";
import { providePrograms } from "./proxies.mjs";

const FOLDER = join(DATA, "https");
const LOG = join(DATA, "logs", "caddy.log");
const AUTHORITY = join(FOLDER, "caddy", "pki", "authorities", "local", "root.crt");
const START_SECONDS = 20;

/**
 * Runs Caddy with the repository's Caddyfile in front of the app. The app may start later: Caddy holds requests until then.
 * @param {import("./progress.mjs").Progress & { origin: string, port: string }} options `port` is the app's
 */
export async function startLocalCaddy({ origin, port, step, print }) {
  if (!URL.canParse(origin))
    throw new UserError(`APP_ORIGIN must be an origin such as https://portcullis.localhost:8443.`);
  const { protocol, host, port: httpsPort } = new URL(origin);
  if (protocol !== "https:") throw new UserError(`APP_ORIGIN is ${origin}, but must begin with https://.`);
  await step("Caddy", async (onProgress) => {
    await providePrograms(["caddy"], onProgress);
    if (await isPortInUse(Number(httpsPort || 443)))
      throw new UserError(
        `Port ${httpsPort || 443} is in use. Choose another: APP_ORIGIN=https://portcullis.localhost:8444 npm run https`,
      );
    const env = {
      ...process.env,
      APP_HOST: host,
      UPSTREAMS: `to 127.0.0.1:${port}`,
      // The redirect from http uses any free port.
      HTTP_PORT: String(await findServerPort()),
      CADDY_ADMIN: "off",
      XDG_DATA_HOME: FOLDER,
      XDG_CONFIG_HOME: FOLDER,
    };
    await run(env, Number(httpsPort || 443));
    onProgress(`serves ${origin}`);
  });
  print(`    Certificate authority to trust: ${paint("bold", relative(ROOT, AUTHORITY))}   (see docs/https.md)\n`);
}

/** @param {NodeJS.ProcessEnv} env  @param {number} httpsPort */
async function run(env, httpsPort) {
  const log = openPrivateFile(LOG, "w");
  const args = ["run", "--adapter", "caddyfile", "--config", join(ROOT, "Caddyfile")];
  // Detached, so that Ctrl-C is delivered once, by this process.
  const child = spawn("caddy", args, { cwd: ROOT, env, stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  let isOver = false;
  const over = new Promise((resolve) => child.once("close", resolve).once("error", resolve)).then(
    () => (isOver = true),
  );
  onExit(async () => {
    child.kill("SIGTERM");
    await over;
  });
  const deadline = Date.now() + START_SECONDS * 1000;
  while (!existsSync(AUTHORITY) || !(await isPortInUse(httpsPort))) {
    if (isOver || Date.now() > deadline) throw new UserError(`Caddy did not start:\n\n${readFileSync(LOG, "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
