import { delimiter, dirname, join } from "node:path";
import { isExecutable, readOutput } from "../command.mjs";

/**
 * A server's programs on this machine. `root` is the chroot in which they run, if any; `scripts` is a folder of programs that the
 * server starts.
 * @typedef {{ flavour: "mariadb" | "mysql", version: string, program: string, root?: string, scripts?: string }} Installation
 */

const OLDEST = { mariadb: [10, 11], mysql: [8, 4] };
const PROGRAMS = ["mariadbd", "mysqld"];
/** Common folders that are often not on the PATH. */
const FOLDERS = [
  "/usr/sbin",
  "/usr/local/sbin",
  "/usr/libexec",
  "/usr/local/mysql/bin",
  "/opt/homebrew/opt/mariadb/bin",
  "/opt/homebrew/opt/mysql/bin",
  "/usr/local/opt/mariadb/bin",
  "/usr/local/opt/mysql/bin",
];

/**
 * @param {string} text output of `mysqld --version`, or the version in a greeting
 * @returns {Pick<Installation, "flavour" | "version"> | null}
 */
export function parseVersion(text) {
  // MariaDB prefixes its greeting with 5.5.5- for old clients.
  const version = /(?:Ver |^5\.5\.5-|^)(\d+\.\d+\.\d+)/.exec(text)?.[1];
  return version === undefined ? null : { flavour: /mariadb/i.test(text) ? "mariadb" : "mysql", version };
}

/** @param {Pick<Installation, "flavour" | "version">} installation */
export function isSupported({ flavour, version }) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST[flavour];
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** @returns {Promise<Installation | null>} the first supported server on this machine */
export async function findInstallation() {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...FOLDERS];
  for (const name of PROGRAMS) {
    for (const program of folders.filter(Boolean).map((folder) => join(folder, name))) {
      if (!isExecutable(program)) continue;
      const parsed = parseVersion((await readOutput(program, ["--no-defaults", "--version"])) ?? "");
      if (parsed === null || !isSupported(parsed)) continue;
      if (parsed.flavour === "mysql" || findInitialiser({ program }) !== null) return { ...parsed, program };
    }
  }
  return null;
}

/**
 * MariaDB creates its system tables with a separate program, which needs my_print_defaults; distributions install them in
 * different folders.
 * @param {Pick<Installation, "program">} installation
 * @returns {string | null}
 */
export function findInitialiser({ program }) {
  const folders = [dirname(program), join(dirname(program), "..", "bin"), ...(process.env.PATH ?? "").split(delimiter)];
  const [initialiser, needed] = ["mariadb-install-db", "my_print_defaults"].map((name) =>
    folders.map((folder) => join(folder, name)).find(isExecutable),
  );
  return initialiser === undefined || needed === undefined ? null : initialiser;
}
