import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  fchmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { UserError } from "./user-error.mjs";
import { ROOT } from "./paths.mjs";

/**
 * Opens a file that only its owner may read: logs hold addresses and names of people.
 * @param {string} file  @param {"w" | "a"} flags
 */
export function openPrivateFile(file, flags) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, flags, 0o600);
  // An earlier version may have made it for all to read.
  fchmodSync(descriptor, 0o600);
  return descriptor;
}

/**
 * Makes .data, for its owner alone, and finds out before anything is begun whether we may write where we have to.
 * @param {string} [root]
 */
export function prepareFolders(root = ROOT) {
  const data = join(root, ".data");
  // Tailwind's resolver takes what follows for a fragment or a query.
  if (/[#?]/.test(root))
    throw new UserError(
      `${root} has a # or a ? in it, which the compiler of style sheets cannot read. Move this folder to a path without.`,
    );
  for (const folder of [data, join(root, ".next"), join(root, "node_modules")]) {
    if (!existsSync(folder)) requireWritable(root);
    else for (const one of [folder, ...subfoldersOf(folder)]) requireOwner(one, folder === data, folder);
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
  chmodSync(data, 0o700);
  const logs = join(data, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  if (statSync(logs).uid === process.getuid?.()) chmodSync(logs, 0o700);
}

/** One start with sudo is enough to leave some behind. @param {string} folder */
function subfoldersOf(folder) {
  try {
    const entries = basename(folder) === "node_modules" ? [] : readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  } catch {
    // What cannot be read is refused for itself.
    return [];
  }
}

/**
 * @param {string} folder  @param {boolean} isPrivate root may work in all folders; in a private one others could not go on
 * @param {string} whole the folder to give away
 */
function requireOwner(folder, isPrivate, whole) {
  const { uid } = statSync(folder);
  const me = process.getuid?.() ?? uid;
  if (uid === me || (me === 0 && !isPrivate)) return requireWritable(folder);
  const name = relative(dirname(whole), folder);
  throw new UserError(
    `${name} belongs to ${userName(uid)}, and this is run as ${userName(me)}. Run it as ${userName(uid)}, or give ${basename(whole)} to ${userName(me)}: sudo chown -R ${me} ${quote(whole)}`,
  );
}

/** @param {string} folder */
function requireWritable(folder) {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UserError(explainFileError(/** @type {NodeJS.ErrnoException} */ (error), folder) ?? String(error));
  }
}

/** What a file system's refusal means, in a line; null for other errors. @param {NodeJS.ErrnoException} error  @param {string} [file] */
export function explainFileError(error, file = error.path) {
  if (file === undefined || error.syscall === "spawn") return null;
  const me = userName(process.getuid?.() ?? 0);
  switch (error.code) {
    case "EACCES":
    case "EPERM":
      return `${file} cannot be written or read by ${me}, who runs this${ownerOf(file)}. Run this as its owner, give it to ${me} with chown, or allow it with chmod u+rwX.`;
    case "EROFS":
      return `${file} is on a file system that is mounted read-only. Packages, build and data are kept in this folder: use a copy that can be written to.`;
    case "ENOSPC":
    case "EDQUOT":
      return `${file} cannot be written: the disk is full. Free some space and try again.`;
    default:
      return null;
  }
}

/** @param {string} file */
function ownerOf(file) {
  try {
    return `: it belongs to ${userName(statSync(existsSync(file) ? file : dirname(file)).uid)}`;
  } catch {
    return "";
  }
}

/** @param {number} uid  @returns {string} the user's name, or the number where there is none */
export function userName(uid) {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((line) => line.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? `user ${uid}`;
  } catch {
    return `user ${uid}`;
  }
}

/** @param {string} text */
function quote(text) {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
