import "server-only";
import type { ConnectionOptions } from "node:tls";
import { createTransport } from "nodemailer";
import type { MailServer, Sender } from "@/server/runtime/env";
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
  }: { tls?: ConnectionOptions; timeouts?: typeof TIMEOUT_MILLISECONDS } = {},
): MailTransport {
  const transporter = createTransport({
    pool: true,
    maxConnections: MAX_SMTP_CONNECTIONS,
    // Once, for a connection that the server closed while it was idle. Further attempts have their own back-off.
    maxRequeues: 1,
    host: server.host,
    port: server.port,
    secure: server.tls === "implicit",
    requireTLS: server.tls === "starttls",
    ignoreTLS: server.tls === "none",
    tls: { minVersion: "TLSv1.2", ...tls },
    ...(server.login === null ? {} : { auth: { user: server.login.user, pass: server.login.password } }),
    ...TIMEOUT_MILLISECONDS,
    ...timeouts,
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
