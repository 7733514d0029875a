import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { canInstall, install } from "../apt.mjs";
import { readOutput, runOrThrow } from "../command.mjs";
import { withLock } from "../lock.mjs";
import { UserError } from "../user-error.mjs";
import { CACHE, DATA } from "../paths.mjs";
import { parseVersion } from "./installation.mjs";

const ROOT_FOLDER = join(CACHE, "debian-unstable");
const PROGRAM = "/usr/sbin/mysqld";
const DEFAULT_MIRROR = "http://deb.debian.org/debian";

/**
 * The newest MySQL of Debian, installed in a chroot that all clones share.
 * @param {(detail: string) => void} onProgress
 * @returns {Promise<import("./installation.mjs").Installation>}
 */
export async function installUnstableMysql(onProgress) {
  if (!canInstall()) throw new UserError("MySQL from Debian unstable needs root on a Debian or Ubuntu machine.");
  await withLock(`${ROOT_FOLDER}.lock`, async () => {
    if (existsSync(join(ROOT_FOLDER, PROGRAM))) return;
    if ((await readOutput("debootstrap", ["--version"])) === null) {
      onProgress("apt-get install debootstrap");
      await install(["debootstrap", "debian-archive-keyring"]);
    }
    await bootstrap(onProgress);
  });
  const version = parseVersion(
    (await readOutput("chroot", [ROOT_FOLDER, PROGRAM, "--no-defaults", "--version"])) ?? "",
  );
  if (version === null)
    throw new UserError(`The MySQL in ${ROOT_FOLDER} cannot be run. Remove the folder and try again.`);
  return { ...version, program: PROGRAM, root: ROOT_FOLDER };
}

/** Data directory inside the chroot. @param {string} clone the folder of the clone that uses it */
export function unstableDirectory(clone) {
  return join(ROOT_FOLDER, "srv", createHash("sha256").update(clone).digest("hex").slice(0, 12));
}

/** @param {(detail: string) => void} onProgress */
async function bootstrap(onProgress) {
  const fresh = `${ROOT_FOLDER}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(dirname(fresh), { recursive: true });
  const mirror = findMirror(readSources());
  onProgress(`debootstrap sid from ${mirror}`);
  await runOrThrow("debootstrap", ["--variant=minbase", "--include=mysql-server-core", "sid", fresh, mirror], {
    log: join(DATA, "logs", "debootstrap.log"),
    onLine: (line) => onProgress(line.replace(/^I: /, "")),
  });
  rmSync(join(fresh, "var/cache/apt/archives"), { recursive: true, force: true });
  renameSync(fresh, ROOT_FOLDER);
}

/**
 * @param {string} sources content of the apt source lists, in either format
 * @returns {string} the Debian mirror that this machine uses
 */
export function findMirror(sources) {
  const uris = sources.matchAll(/^(?:deb(?:\s+\[[^\]]*\])?|URIs:)\s+(https?:\/\/\S+)/gm);
  for (const [, uri] of uris) if (/\/debian\/?$/.test(uri ?? "")) return (uri ?? "").replace(/\/$/, "");
  return DEFAULT_MIRROR;
}

function readSources() {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...files]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
}
