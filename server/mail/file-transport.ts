import "server-only";
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import { MAX_LINK_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import type { Sender } from "@/server/runtime/mail-variables";
import { toMimeMessage } from "./mime-message";
import type { MailTransport } from "./transport";

/** Writes each mail to `<time>-<id>.eml`, readable only by the owner: mails contain links to accounts. */
export function openFileTransport(folder: string, from: Sender): MailTransport {
  const transporter = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  return {
    async send(mail) {
      const { message } = await transporter.sendMail(toMimeMessage(mail, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await chmod(folder, 0o700);
      // A repeated attempt writes the same file. Renamed, so that no reader sees half of it.
      const file = join(folder, `${mail.createdAt.toISOString().replaceAll(":", "-")}-${mail.id}.eml`);
      await writeFile(`${file}.new`, message, { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
    close: () => {},
  };
}

/** Deletes the files whose links have expired. */
export async function removeOldMailFiles(folder: string, now: Date): Promise<void> {
  const before = secondsAfter(now, -MAX_LINK_SECONDS);
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    // Another process may be deleting the same files.
    const facts = /\.eml(\.new)?$/.test(name) ? await stat(file).catch(() => null) : null;
    if (facts !== null && facts.mtime < before) await rm(file, { force: true });
  }
}
