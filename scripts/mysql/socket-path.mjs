import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userName } from "../private-files.mjs";
import { UserError } from "../user-error.mjs";

/** A socket's path must fit into the kernel's 108 bytes, with a zero at the end; macOS has four bytes less. */
const MAX_BYTES = 103;
const PLAIN_PATH = /^[\w./+-]+$/;

/**
 * The socket of the server whose data is in `directory`: beside the data, or in a folder of ours under the temporary
 * one when that path is too long.
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
 * A path of letters, digits and few other characters to `directory`, for programs that read others wrongly: itself, or a
 * link in a folder of ours under the temporary one.
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
 * Makes a folder that only we can enter. The server lets in whoever reaches its socket, so under a shared temporary
 * folder the name alone proves nothing: it must be a folder, and ours.
 * @param {string} folder
 */
export function makePrivateFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new UserError(
      `${folder} ${found.isDirectory() ? `belongs to ${userName(found.uid)}` : "is no folder"}, and this is run as ${userName(process.getuid?.() ?? 0)}. Give it to the user who runs this (chown), or move it away.`,
    );
  chmodSync(folder, 0o700);
}
