import "server-only";
import { openFileTransport } from "./file-transport";
import type { MailSettings } from "./mail-settings";
import type { MailToSend } from "./mime-message";
import { openSmtpTransport } from "./smtp-transport";

export interface MailTransport {
  /** Resolves once the mail server has accepted the mail. A rejection does not say whether it has: its reply may have been lost. */
  send(mail: MailToSend, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Null with MAIL=off. */
export function openTransport(settings: MailSettings): MailTransport | null {
  switch (settings.kind) {
    case "smtp":
      return openSmtpTransport(settings.server, settings.from);
    case "files":
      return openFileTransport(settings.folder, settings.from);
    case "off":
      return null;
  }
}
