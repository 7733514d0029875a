import "server-only";
import { resolve } from "node:path";
import { env } from "@/server/runtime/env";
import type { MailServer, Sender } from "@/server/runtime/mail-variables";

export type MailSettings =
  | { kind: "smtp"; server: MailServer; from: Sender }
  /** Without a mail server, on the developer's machine: mails are files. */
  | { kind: "files"; folder: string; from: Sender }
  | { kind: "off" };

/** How mails leave this process. `parseEnv` has checked that the variables agree. */
export function mailSettings(): MailSettings {
  const { MAIL, SMTP_URL: server, MAIL_FROM: from, PORTCULLIS_MAIL_FOLDER = ".data/mail" } = env();
  if (MAIL === "off") return { kind: "off" };
  if (server !== undefined && from !== undefined) return { kind: "smtp", server, from };
  const localSender = { name: "Portcullis", address: "no-reply@localhost" };
  return { kind: "files", folder: resolve(/* turbopackIgnore: true */ PORTCULLIS_MAIL_FOLDER), from: localSender };
}

/** False with MAIL=off: pages leave out what needs mail, and procedures refuse it. */
export function isMailOn(): boolean {
  return mailSettings().kind !== "off";
}
