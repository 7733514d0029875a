import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitWithParent } from "./command.mjs";
import { identify } from "./process-identity.mjs";
import { findServerPort } from "./loopback.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT, findBuild } from "./paths.mjs";
import { openPrivateFile } from "./private-files.mjs";
import { registerBuildUser } from "./production-build.mjs";

/** Longer than the app's own shutdown timeout of 10 s. */
const STOP_SECONDS = 12;
const START_SECONDS = 60;

/** All apps started by one process share these secrets, so that they accept each other's tokens. */
export const SECRETS = {
  SESSION_SECRET: randomBytes(32).toString("base64url"),
  JWT_ACCESS_SECRET: randomBytes(32).toString("base64url"),
  ENCRYPTION_SECRET: randomBytes(32).toString("base64url"),
};

/**
 * @typedef {object} App
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} exited
 * @property {() => string} output the content of its log file so far
 * @property {(seconds?: number) => Promise<void>} ready resolves once /api/health/ready returns 200
 * @property {() => Promise<{ code: number | null, signal: NodeJS.Signals | null }>} stop sends SIGTERM, and SIGKILL after a timeout
 * @property {() => Promise<{ code: number | null, signal: NodeJS.Signals | null }>} kill
 */

/**
 * Runs the app's production entry.
 * @param {{
 *   port?: number, env?: Record<string, string | undefined>, entry?: string, cwd?: string,
 *   log?: string | number | "inherit", prefix?: string[], until?: "ready" | "live" | "started", detached?: boolean,
 * }} [options] port 0 or none selects a free port; `env` overrides this process's environment; the build in `cwd` is served; `log` is a file or an
 *   open descriptor; `prefix` is a wrapper command; `detached` starts a separate process group, so that Ctrl-C is delivered once, by
 *   this process; when this process is killed, the app stops as after SIGTERM
 * @returns {Promise<App>}
 */
export async function startApp({
  port = 0,
  env = {},
  entry,
  cwd = ROOT,
  log,
  prefix = [],
  until = "ready",
  detached = false,
} = {}) {
  port ||= await findServerPort();
  const build = entry === undefined ? findBuild() : null;
  // Registered before the app process exists: an unused build may be removed at any time.
  if (build !== null) registerBuildUser(build, identify(process.pid));
  const url = `http://localhost:${port}`;
  const probed = `http://${probeHost(env.HOST)}:${port}`;
  const file = log ?? join(DATA, "logs", `app-${port}-${Date.now()}.log`);
  const defaults = {
    NODE_ENV: "production",
    APP_ORIGIN: url,
    // Where no mail server is set. The app refuses it unless APP_ORIGIN is on this machine.
    PORTCULLIS_MAIL_FOLDER: join(DATA, "test-mail"),
    NEXT_TELEMETRY_DISABLED: "1",
    // Next.js would otherwise load .env.local after the app has read its environment, in production too.
    __NEXT_PROCESSED_ENV: "true",
  };
  const program = entry ?? join(build ?? "", "entry", "main.mjs");
  const [command = "", ...args] = [
    ...prefix,
    process.execPath,
    ...exitWithParent.args,
    "--enable-source-maps",
    program,
  ];
  const child = spawn(command, args, {
    cwd,
    env: { ...SECRETS, ...process.env, ...defaults, ...env, ...exitWithParent.env, PORT: String(port) },
    detached,
    stdio: typeof file === "number" || file === "inherit" ? ["ignore", file, file, "pipe"] : openLog(file),
  });
  const identity = identify(child.pid ?? 0);
  if (build !== null) registerBuildUser(build, identity);
  const note = recordApp(port, identity);
  /** @type {App["exited"]} */
  const exited = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      rmSync(note, { force: true });
      if (build !== null && identity !== null) rmSync(join(build, "users", identity), { force: true });
      resolve({ code, signal });
    });
  });
  const output = () => (typeof file === "number" || file === "inherit" ? "" : readFileSync(file, "utf8"));

  /** @param {"live" | "ready"} what  @param {number} seconds */
  async function untilAnswered(what, seconds) {
    const deadline = Date.now() + seconds * 1000;
    while (!(await respondsOk(`${probed}/api/health/${what}`))) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new UserError(`The app ended while starting:\n\n${tail(output())}`);
      if (Date.now() > deadline)
        throw new UserError(`The app was not ${what} after ${seconds} s:\n\n${tail(output())}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function kill() {
    child.kill("SIGKILL");
    return exited;
  }

  async function stop() {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS * 1000);
    return exited.finally(() => clearTimeout(timer));
  }

  const app = {
    url,
    port,
    pid: child.pid ?? 0,
    exited,
    output,
    stop,
    kill,
    ready: (seconds = START_SECONDS) => untilAnswered("ready", seconds),
  };
  if (until === "started") return app;
  try {
    await untilAnswered(until, START_SECONDS);
  } catch (error) {
    await kill();
    throw error;
  }
  return app;
}

/** @param {string} file  @returns {import("node:child_process").StdioOptions} */
function openLog(file) {
  const descriptor = openPrivateFile(file, "w");
  // The child has its own copy of the descriptor once it is spawned.
  setImmediate(() => closeSync(descriptor));
  return ["ignore", descriptor, descriptor, "pipe"];
}

const APPS = join(DATA, "apps");

/** Records the identities of the app on a port and of its parent process, for a later start on that port. @param {number} port  @param {string | null} app */
function recordApp(port, app) {
  mkdirSync(APPS, { recursive: true, mode: 0o700 });
  const file = join(APPS, String(port));
  writeFileSync(file, JSON.stringify({ app: app ?? "", starter: identify(process.pid) ?? "" }));
  return file;
}

/** @param {number} port  @returns {{ app: string, starter: string } | null} identities of the last app started on this port and of its parent */
export function findRecordedApp(port) {
  try {
    return JSON.parse(readFileSync(join(APPS, String(port)), "utf8"));
  } catch {
    return null;
  }
}

/** The host at which an app that listens on HOST can be reached. @param {string | undefined} host */
function probeHost(host = "localhost") {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host.replace(/^\[|\]$/g, "")}]` : host;
}

/** @param {string} url */
async function respondsOk(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** @param {string} text */
function tail(text) {
  return text.trimEnd().split("\n").slice(-20).join("\n");
}
