import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitWithParent } from "./command.mjs";
import { identify } from "./process-identity.mjs";
import { findFreePort } from "./loopback.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT, findBuild } from "./paths.mjs";
import { openPrivateFile } from "./private-files.mjs";
import { registerBuildUser } from "./production-build.mjs";

/** The app finishes its work within 10 s of being asked to end. */
const STOP_SECONDS = 12;
const START_SECONDS = 60;

/** The same for all apps that one process starts, so that they can stand side by side. */
const SECRETS = {
  SESSION_SECRET: randomBytes(32).toString("base64url"),
  JWT_ACCESS_SECRET: randomBytes(32).toString("base64url"),
};

/**
 * @typedef {object} App
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} exited
 * @property {() => string} output everything that it has written so far
 * @property {(seconds?: number) => Promise<void>} ready resolves once it answers that it is ready
 * @property {() => Promise<{ code: number | null, signal: NodeJS.Signals | null }>} stop asks it to end; kills it when that takes too long
 * @property {() => Promise<{ code: number | null, signal: NodeJS.Signals | null }>} kill
 */

/**
 * Runs the app's production entry.
 * @param {{
 *   port?: number, env?: Record<string, string | undefined>, entry?: string, cwd?: string,
 *   log?: string | number | "inherit", prefix?: string[], until?: "ready" | "live" | "started", detached?: boolean,
 * }} [options] port 0 or none is a free one; `env` is laid over this process's; the build in `cwd` is served; `log` is a file or an
 *   open descriptor; `prefix` is a command that runs another; `detached` gives it a process group of its own, so that a Ctrl-C
 *   reaches it through us alone, and once; when this process is killed, the app stops like after a SIGTERM
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
  port ||= await findFreePort();
  const build = entry === undefined ? findBuild() : null;
  // Ours before the app has an identity: a build that nobody uses may be removed.
  if (build !== null) registerBuildUser(build, identify(process.pid));
  const url = `http://localhost:${port}`;
  const probed = `http://${probeHost(env.HOST)}:${port}`;
  const file = log ?? join(DATA, "logs", `app-${port}-${Date.now()}.log`);
  const defaults = {
    NODE_ENV: "production",
    APP_ORIGIN: url,
    NEXT_TELEMETRY_DISABLED: "1",
    // Next.js would add .env.local by itself, after the app has read its configuration, and in production too.
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
      if (Date.now() > deadline) throw new UserError(`The app is not ${what} after ${seconds} s:\n\n${tail(output())}`);
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
  // The child has its own copy once it is spawned.
  setImmediate(() => closeSync(descriptor));
  return ["ignore", descriptor, descriptor, "pipe"];
}

const APPS = join(DATA, "apps");

/** Keeps who has a port, and who started it, for those who want the port later. @param {number} port  @param {string | null} app */
function recordApp(port, app) {
  mkdirSync(APPS, { recursive: true, mode: 0o700 });
  const file = join(APPS, String(port));
  writeFileSync(file, JSON.stringify({ app: app ?? "", starter: identify(process.pid) ?? "" }));
  return file;
}

/** @param {number} port  @returns {{ app: string, starter: string } | null} identities of what one of our scripts started there last */
export function findRecordedApp(port) {
  try {
    return JSON.parse(readFileSync(join(APPS, String(port)), "utf8"));
  } catch {
    return null;
  }
}

/** Where an app that listens on HOST answers. @param {string | undefined} host */
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
