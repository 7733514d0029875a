import "server-only";
import type { ConnectionOptions } from "node:tls";
import { createTransport } from "nodemailer";
import type { MailServer, Sender } from "@/server/runtime/mail-variables";
import { toMimeMessage } from "./mime-message";
import type { MailTransport } from "./transport";

export const MAX_SMTP_CONNECTIONS = 5;

const TIMEOUT_MILLISECONDS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };

/** `tls` and `timeouts` are for tests. */
export function openSmtpTransport(
  server: MailServer,
  from: Sender,
  {
    tls = {},
    timeouts = TIMEOUT_MILLISECONDS,
  }: { tls?: ConnectionOptions; timeouts?: Partial<typeof TIMEOUT_MILLISECONDS> } = {},
): MailTransport {
  const transporter = createTransport({
    ...connectionOptions(server, tls),
    ...timeouts,
    pool: true,
    maxConnections: MAX_SMTP_CONNECTIONS,
    // Once, for a connection that the server closed while it was idle. Further attempts have their own back-off.
    maxRequeues: 1,
    // Messages are made from strings only.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail, signal) {
      await transporter.sendMail({ ...toMimeMessage(mail, from), signal });
    },
    // Ends messages in progress too: the caller has waited for them.
    close: () => transporter.close({ force: true }),
  };
}

/** Connects and logs in as for a mail, and sends none. Rejects with nodemailer's error. */
export async function verifySmtpServer(server: MailServer, tls: ConnectionOptions = {}): Promise<void> {
  await createTransport(connectionOptions(server, tls)).verify();
}

function connectionOptions({ host, port, tls, login }: MailServer, more: ConnectionOptions) {
  return {
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    tls: { minVersion: "TLSv1.2", ...more } as const,
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
    ...TIMEOUT_MILLISECONDS,
  };
}
