import { delimiter, relative } from "node:path";
import { findInitialiser } from "./installation.mjs";

/**
 * @typedef {import("./installation.mjs").Installation} Installation
 * @typedef {{ command: string, args: string[] }} Command
 */

/** Ignore the machine's option files: they configure another server. */
const NO_DEFAULTS = "--no-defaults";

/** Command that creates an empty data directory. @param {Installation} installation  @param {string} data  @returns {Command} */
export function initialiseCommand(installation, data) {
  const initialiser = findInitialiser(installation);
  const rest = [`--datadir=${pathInside(installation, data)}`, ...userOptions()];
  if (installation.flavour === "mariadb" && initialiser !== null) {
    const options = [NO_DEFAULTS, "--auth-root-authentication-method=normal", "--skip-test-db", ...rest];
    return inChroot(installation, initialiser, options);
  }
  return inChroot(installation, installation.program, [
    NO_DEFAULTS,
    "--initialize-insecure",
    "--secure-file-priv=NULL",
    ...rest,
  ]);
}

/**
 * Command that runs a server which listens on a Unix socket only.
 * @param {Installation} installation
 * @param {{ data: string, socket: string, pidFile: string, log: string, first: string }} paths `first` is SQL to run at startup
 * @param {readonly string[]} [options] more options; the server uses the last value of one that is given twice
 * @returns {Command}
 */
export function serverCommand(installation, { data, socket, pidFile, log, first }, options = []) {
  const inside = (/** @type {string} */ path) => pathInside(installation, path);
  return inChroot(installation, installation.program, [
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
    ...options,
  ]);
}

/** Both servers refuse to run as root without this option. */
function userOptions() {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

/**
 * A starting server deletes all temporary tables in its temporary folder, including those of other servers: each server needs
 * a separate folder.
 * @param {Installation} installation  @param {string} temporary
 */
export function serverEnvironment(installation, temporary) {
  const { scripts } = installation;
  const path = scripts === undefined ? process.env.PATH : `${scripts}${delimiter}${process.env.PATH}`;
  return { ...process.env, PATH: path, TMPDIR: pathInside(installation, temporary) };
}

/** A path as seen by a program inside the chroot. @param {Installation} installation  @param {string} path */
function pathInside({ root }, path) {
  return root === undefined ? path : `/${relative(root, path)}`;
}

/** @param {Installation} installation  @param {string} program  @param {string[]} args  @returns {Command} */
function inChroot({ root }, program, args) {
  return root === undefined ? { command: program, args } : { command: "chroot", args: [root, program, ...args] };
}
