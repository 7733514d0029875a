import { relative } from "node:path";
import { findInitialiser } from "./installation.mjs";

/**
 * @typedef {import("./installation.mjs").Installation} Installation
 * @typedef {{ command: string, args: string[] }} Command
 */

/** Nothing but what is said here counts: the machine's own configuration is for another server. */
const NO_DEFAULTS = "--no-defaults";

/** How an empty data directory is made. @param {Installation} installation  @param {string} data  @returns {Command} */
export function initialiseCommand(installation, data) {
  const initialiser = findInitialiser(installation);
  const rest = [`--datadir=${pathInside(installation, data)}`, ...userOptions()];
  if (installation.flavour === "mariadb" && initialiser !== null) {
    const options = [NO_DEFAULTS, "--auth-root-authentication-method=normal", "--skip-test-db", ...rest];
    return underRoot(installation, initialiser, options);
  }
  return underRoot(installation, installation.program, [
    NO_DEFAULTS,
    "--initialize-insecure",
    "--secure-file-priv=NULL",
    ...rest,
  ]);
}

/**
 * How a server is run that only its socket leads to.
 * @param {Installation} installation
 * @param {{ data: string, socket: string, pidFile: string, log: string, first: string }} paths `first` is SQL to begin with
 * @returns {Command}
 */
export function serverCommand(installation, { data, socket, pidFile, log, first }) {
  const inside = (/** @type {string} */ path) => pathInside(installation, path);
  return underRoot(installation, installation.program, [
    NO_DEFAULTS,
    ...userOptions(),
    `--datadir=${inside(data)}`,
    `--socket=${inside(socket)}`,
    `--pid-file=${inside(pidFile)}`,
    `--log-error=${inside(log)}`,
    `--init-file=${inside(first)}`,
    "--skip-networking",
    "--skip-log-bin",
    "--max-connections=300",
    "--innodb-buffer-pool-size=128M",
    "--performance-schema=OFF",
    ...(installation.flavour === "mysql" ? ["--mysqlx=OFF", "--secure-file-priv=NULL"] : []),
  ]);
}

/** Both servers refuse to run as root unless told so. */
function userOptions() {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

/**
 * A starting server deletes the temporary tables that it finds, another running server's too: each has a folder of its own.
 * @param {Installation} installation  @param {string} temporary
 */
export function serverEnvironment(installation, temporary) {
  return { ...process.env, TMPDIR: pathInside(installation, temporary) };
}

/** What a program under another root calls a path. @param {Installation} installation  @param {string} path */
function pathInside({ root }, path) {
  return root === undefined ? path : `/${relative(root, path)}`;
}

/** @param {Installation} installation  @param {string} program  @param {string[]} args  @returns {Command} */
function underRoot({ root }, program, args) {
  return root === undefined ? { command: program, args } : { command: "chroot", args: [root, program, ...args] };
}
