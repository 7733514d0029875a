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
 * Opens a file with mode 0600: logs contain personal data.
 * @param {string} file  @param {"w" | "a"} flags
 */
export function openPrivateFile(file, flags) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, flags, 0o600);
  // An existing file may have wider permissions.
  fchmodSync(descriptor, 0o600);
  return descriptor;
}

/**
 * Creates .data with mode 0700, and checks before any other step that the required folders are writable.
 * @param {string} [root]
 */
export function prepareFolders(root = ROOT) {
  const data = join(root, ".data");
  // Tailwind's resolver treats the rest of the path as a fragment or query.
  if (/[#?]/.test(root))
    throw new UserError(
      `${root} contains # or ?, which the CSS compiler cannot handle. Move the project to a path without them.`,
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

/** Subfolders may belong to root after a single start with sudo. @param {string} folder */
function subfoldersOf(folder) {
  try {
    const entries = basename(folder) === "node_modules" ? [] : readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  } catch {
    // An unreadable folder is reported by the check of the folder itself.
    return [];
  }
}

/**
 * @param {string} folder  @param {boolean} isPrivate root can write to every folder, but files of root in a private one would lock out its owner
 * @param {string} whole the folder that chown should change
 */
function requireOwner(folder, isPrivate, whole) {
  const { uid } = statSync(folder);
  const me = process.getuid?.() ?? uid;
  if (uid === me || (me === 0 && !isPrivate)) return requireWritable(folder);
  const name = relative(dirname(whole), folder);
  throw new UserError(
    `${name} belongs to ${userName(uid)}, and this command runs as ${userName(me)}. Run it as ${userName(uid)}, or change the owner of ${basename(whole)} to ${userName(me)}: sudo chown -R ${me} ${quote(whole)}`,
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

/** A one-line message for a file system error; null for other errors. @param {NodeJS.ErrnoException} error  @param {string} [file] */
export function explainFileError(error, file = error.path) {
  if (file === undefined || error.syscall === "spawn") return null;
  const me = userName(process.getuid?.() ?? 0);
  switch (error.code) {
    case "EACCES":
    case "EPERM":
      return `${file} cannot be read or written by ${me}${ownerOf(file)}. Run this command as the owner, or change owner or permissions with chown or chmod.`;
    case "EROFS":
      return `${file} is on a read-only file system. Packages, build and data are stored in this folder: use a writable copy.`;
    case "ENOSPC":
    case "EDQUOT":
      return `${file} cannot be written: the disk is full.`;
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

/** @param {number} uid  @returns {string} the user's name, or the id if it has none */
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
