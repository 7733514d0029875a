import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { canInstall, findCandidateVersion, install } from "../apt.mjs";
import { isExecutable, runOrThrow } from "../command.mjs";
import { withLock } from "../lock.mjs";
import { CACHE, DATA } from "../paths.mjs";
import { UserError } from "../user-error.mjs";
import { installMariadb } from "./provide.mjs";

/** The replication library of Galera. */
export const GALERA_LIBRARY = "/usr/lib/galera/libgalera_smm.so";

/** What a node needs besides the server: the program that copies the data to a new node needs rsync, and `ss` to find its port. */
const PACKAGES = { [GALERA_LIBRARY]: "galera-4", "/usr/bin/rsync": "rsync", "/usr/bin/ss": "iproute2" };
const SCRIPTS_FOLDER = join(CACHE, "mariadb-scripts");
const COPY_SCRIPT = "wsrep_sst_rsync";

/**
 * MariaDB with what a Galera node needs. The scripts of the package mariadb-server are unpacked, not installed: the package would start
 * a system service.
 * @param {(detail: string) => void} onProgress
 * @returns {Promise<import("./installation.mjs").Installation>}
 */
export async function installGalera(onProgress) {
  const installation = await installMariadb(onProgress);
  const missing = Object.entries(PACKAGES).flatMap(([file, name]) => (existsSync(file) ? [] : [name]));
  if (missing.length > 0) {
    if (!canInstall()) throw new UserError(`Galera needs ${missing.join(", ")}: run this as root on Debian or Ubuntu.`);
    onProgress(`apt-get install ${missing.join(" ")}`);
    await install(missing);
  }
  await withLock(`${SCRIPTS_FOLDER}.lock`, async () => {
    if (!isExecutable(join(SCRIPTS_FOLDER, COPY_SCRIPT))) await unpackScripts(onProgress);
  });
  return { ...installation, scripts: SCRIPTS_FOLDER };
}

/** @param {(detail: string) => void} onProgress */
async function unpackScripts(onProgress) {
  if (!canInstall() || (await findCandidateVersion("mariadb-server")) === null)
    throw new UserError(
      "Galera needs the scripts of the package mariadb-server: run this as root on Debian or Ubuntu.",
    );
  const unpacked = `${SCRIPTS_FOLDER}.new`;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  onProgress("unpacking the scripts of mariadb-server, without installing it");
  const log = join(DATA, "logs", "mariadb-scripts.log");
  await runOrThrow("apt-get", ["download", "-q", "mariadb-server"], { log, cwd: unpacked });
  const file = readdirSync(unpacked).find((name) => name.endsWith(".deb")) ?? "";
  await runOrThrow("dpkg-deb", ["-x", join(unpacked, file), unpacked], { log });
  const scripts = join(unpacked, "usr", "bin");
  // rsync started by root gives files to "nobody" unless it is told otherwise, and our servers run as root.
  const script = join(scripts, COPY_SCRIPT);
  const content = readFileSync(script, "utf8");
  writeFileSync(script, content.replace("use chroot = no\n", "use chroot = no\nuid = 0\ngid = 0\n"));
  mkdirSync(dirname(SCRIPTS_FOLDER), { recursive: true });
  renameSync(scripts, SCRIPTS_FOLDER);
  rmSync(unpacked, { recursive: true });
}
