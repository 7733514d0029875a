import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  closeSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { identify, isRunning, pidOf, waitForExit } from "../process-identity.mjs";
import { runOrThrow } from "../command.mjs";
import { openPrivateFile } from "../private-files.mjs";
import { UserError } from "../user-error.mjs";
import { readGreeting } from "./greeting.mjs";
import { initialiseCommand, serverCommand, serverEnvironment } from "./commands.mjs";
import { parseVersion } from "./installation.mjs";
import { makePrivateFolder, pathWithoutSpecialCharacters, socketPath } from "./socket-path.mjs";

/** File with the identity of the server process of a directory. */
const IDENTITY_FILE = "running";
const START_SECONDS = 60;
const STOP_SECONDS = 30;

/**
 * A database server that can be stopped, killed and started again with its data and address unchanged.
 * @typedef {object} Server
 * @property {string} url of the database `portcullis`, which exists
 * @property {string} version for example "MariaDB 10.11.6"
 * @property {number} pid
 * @property {() => Promise<void>} start uses a running server if there is one
 * @property {() => Promise<void>} stop
 * @property {() => Promise<void>} kill sends SIGKILL
 * @property {() => Promise<void>} pause keeps the connections open without responding
 * @property {() => Promise<void>} resume
 */

/**
 * Runs a private server on `directory`, reachable through a Unix socket of this user only. It is detached, so that Ctrl-C
 * does not stop the database before the app has shut down.
 * @param {{
 *   directory: string, installation: import("./installation.mjs").Installation, fresh?: boolean, options?: () => readonly string[],
 * }} options `fresh` deletes existing data, unless the server is running; `options` returns more options for each start
 * @returns {Promise<Server>}
 */
export async function startPrivateServer({ directory, installation, fresh = false, options = () => [] }) {
  const { flavour } = installation;
  const data = join(directory, flavour);
  const socket = socketPath(directory);
  const log = join(directory, `${flavour}.log`);
  const running = join(directory, IDENTITY_FILE);
  const temporary = join(directory, "tmp");
  const env = serverEnvironment(installation, temporary);
  let version = "";

  const identity = () => (existsSync(running) ? readFileSync(running, "utf8") : "");
  const signal = (/** @type {NodeJS.Signals} */ name) => {
    if (isRunning(identity())) process.kill(pidOf(identity()), name);
  };

  async function initialise() {
    const fresh = `${data}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { mode: 0o700 });
    // mariadb-install-db is a shell script that splits paths at spaces.
    const short =
      installation.root === undefined ? `${pathWithoutSpecialCharacters(directory)}/${basename(fresh)}` : fresh;
    const { command, args } = initialiseCommand(installation, short);
    await runOrThrow(command, args, { log: join(directory, `${flavour}-initialise.log`), env });
    // Renamed when complete: an interrupted initialisation is repeated.
    renameSync(fresh, data);
  }

  async function start() {
    makePrivateFolder(directory);
    makePrivateFolder(dirname(socket));
    makePrivateFolder(temporary);
    if (!isRunning(identity())) await launch();
    version = await waitForGreeting();
  }

  async function launch() {
    if (!existsSync(data)) await initialise();
    // A killed server leaves these files behind, and MySQL refuses to start if the pid in the lock belongs to another process.
    for (const stale of [socket, `${socket}.lock`]) rmSync(stale, { force: true });
    const first = join(directory, "first.sql");
    writeFileSync(first, "CREATE DATABASE IF NOT EXISTS portcullis CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n");
    const output = openPrivateFile(log, "a");
    const paths = { data, socket, log, first, pidFile: join(directory, `${flavour}.pid`) };
    const { command, args } = serverCommand(installation, paths, options());
    const child = spawn(command, args, { detached: true, stdio: ["ignore", output, output], cwd: directory, env });
    closeSync(output);
    await new Promise((resolve, reject) => child.once("spawn", () => resolve(undefined)).once("error", reject));
    child.unref();
    writeFileSync(running, identify(child.pid ?? 0) ?? "");
  }

  async function waitForGreeting() {
    const deadline = Date.now() + START_SECONDS * 1000;
    for (;;) {
      try {
        const parsed = parseVersion(await readGreeting({ path: socket }, 5));
        return `${flavour === "mariadb" ? "MariaDB" : "MySQL"} ${parsed?.version ?? installation.version}`;
      } catch (error) {
        if (!isRunning(identity()) || Date.now() > deadline) throw new UserError(explainFailure(log, error));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const stop = () => stopServer(directory);

  async function kill() {
    const one = identity();
    signal("SIGKILL");
    await waitForExit(one, STOP_SECONDS);
  }

  if (fresh && !isRunning(identity())) rmSync(data, { recursive: true, force: true });
  await start();
  return {
    url: `mysql://root@localhost/portcullis?socketPath=${encodeURIComponent(socket)}`,
    version,
    get pid() {
      return pidOf(identity());
    },
    start,
    stop,
    kill,
    pause: async () => signal("SIGSTOP"),
    resume: async () => signal("SIGCONT"),
  };
}

/** Stops the server that runs on a directory, if one does. @param {string} directory */
export async function stopServer(directory) {
  const running = join(directory, IDENTITY_FILE);
  if (!existsSync(running)) return;
  const identity = readFileSync(running, "utf8");
  const signal = (/** @type {NodeJS.Signals} */ name) => {
    if (isRunning(identity)) process.kill(pidOf(identity), name);
  };
  signal("SIGCONT");
  signal("SIGTERM");
  if (!(await waitForExit(identity, STOP_SECONDS))) {
    signal("SIGKILL");
    await waitForExit(identity, STOP_SECONDS);
  }
  rmSync(running, { force: true });
}

/**
 * Kills all servers under a folder and deletes it.
 * @param {string} folder
 */
export async function stopServers(folder) {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (basename(file) !== IDENTITY_FILE) continue;
    const identity = readFileSync(join(folder, file), "utf8");
    if (isRunning(identity)) process.kill(pidOf(identity), "SIGKILL");
    await waitForExit(identity, STOP_SECONDS);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} log  @param {unknown} error */
function explainFailure(log, error) {
  const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-15).join("\n") : "";
  return `The database server did not start: ${/** @type {Error} */ (error).message}. Last lines of ${log}:\n\n${lines}`;
}
