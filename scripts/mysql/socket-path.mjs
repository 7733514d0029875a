import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userName } from "../private-files.mjs";
import { UserError } from "../user-error.mjs";

/** sun_path has 108 bytes including the terminating zero, and 104 on macOS. */
const MAX_BYTES = 103;
const PLAIN_PATH = /^[\w./+-]+$/;

/**
 * The socket of the server whose data is in `directory`: in that directory, or, if the path would be too long, in a private
 * folder under the temporary one.
 * @param {string} directory  @param {string} [temporary]
 */
export function socketPath(directory, temporary = tmpdir()) {
  const beside = join(directory, "mysqld.sock");
  if (Buffer.byteLength(beside) <= MAX_BYTES) return beside;
  const name = nameOf(directory);
  const elsewhere = join(temporary, name, "mysqld.sock");
  return Buffer.byteLength(elsewhere) <= MAX_BYTES ? elsewhere : join("/tmp", name, "mysqld.sock");
}

/**
 * A path to `directory` without special characters, for programs that mishandle them: the directory itself, or a symbolic
 * link in a private folder under the temporary one.
 * @param {string} directory  @param {string} [temporary]
 */
export function pathWithoutSpecialCharacters(directory, temporary = tmpdir()) {
  if (PLAIN_PATH.test(directory)) return directory;
  const folder = join(PLAIN_PATH.test(temporary) ? temporary : "/tmp", nameOf(directory));
  makePrivateFolder(folder);
  const link = join(folder, "data");
  rmSync(link, { force: true });
  symlinkSync(directory, link);
  return link;
}

/** @param {string} directory */
function nameOf(directory) {
  return `portcullis-${process.getuid?.() ?? 0}-${createHash("sha256").update(directory).digest("hex").slice(0, 12)}`;
}

/**
 * Creates a folder with mode 0700. The server accepts everyone who can open its socket, and another user may have created a
 * folder of this name under the shared temporary folder: type and owner are checked.
 * @param {string} folder
 */
export function makePrivateFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new UserError(
      `${folder} ${found.isDirectory() ? `belongs to ${userName(found.uid)}` : "is not a folder"}, and this command runs as ${userName(process.getuid?.() ?? 0)}. Change its owner with chown, or move it.`,
    );
  chmodSync(folder, 0o700);
}
