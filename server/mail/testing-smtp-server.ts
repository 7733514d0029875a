import { once } from "node:events";
import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions } from "smtp-server";
import type { MailServer } from "@/server/runtime/mail-variables";

export interface ReceivedMail extends Email {
  /** From the envelope, as the header may name others. */
  recipients: string[];
  raw: string;
}

/** What the server does with mails, and may be changed between them. */
export interface Behaviour {
  /** The reply to a recipient or to a whole message instead of accepting it, as "451 4.7.1 Try again later". */
  refusesRecipient?: (address: string) => string | null;
  refusesMessage?: string;
  /** Stops to respond: from the start, or once it has a message. */
  stalls?: "at connect" | "after message";
  /** Closes the connection while it receives a message, or once it has it and before its reply. */
  cuts?: "in message" | "after message";
  /** Runs before a message is accepted. */
  onMessage?: () => Promise<void> | void;
}

/** A key and a certificate for localhost that is its own authority, both published here: for this server only. */
const KEY = `MHcCAQEEIFpYB3m7rKb4pNOSCk7qjqFH/FLd/00+SCsBy/aL/q3UoAoGCCqGSM49AwEHoUQDQgAES6UgFkz9Iv1ALBEuM9gFH0purIAqI79qiB7iny7JXC7K
08MEN2lXObf0HVIRboOOEEu9APeOSNkuPINCKLx65A==`;
const CERTIFICATE = `MIIBlTCCATugAwIBAgIUZ/vcXJo1FZ7/uoulVcq/4m7pVNEwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDAzNTAxN1oYDzIx
MjYxMTA2MDM1MDE3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARLpSAWTP0i/UAsES4z2AUfSm6sgCojv2qIHuKfLslc
LsrTwwQ3aVc5t/QdUhFug44QS70A945I2S48g0IovHrko2kwZzAdBgNVHQ4EFgQUgbLVxdrscdh620lJ+CPRXT8/dTIwHwYDVR0jBBgwFoAUgbLVxdrscdh620lJ
+CPRXT8/dTIwDwYDVR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDSAAwRQIhAJ7G+Rse/w0ddbx4y5QJyBdbX25YF8Yta+3M
U0GHZ+FOAiBW7UwoS4qK1kXDVIUX0cHUtTmQiTMiL8v2UvQ4G2Yyjg==`;
const pem = (kind: string, content: string) => `-----BEGIN ${kind}-----\n${content}\n-----END ${kind}-----\n`;

/** Trusted by a client, it makes the certificate of `startSmtpServer` valid. */
export const TEST_AUTHORITY = pem("CERTIFICATE", CERTIFICATE);

/** A real SMTP server on loopback. Without `tls` it offers no TLS, as a mail catcher does. */
export async function startSmtpServer({
  tls = "none",
  login = null,
  ...options
}: Pick<Partial<MailServer>, "tls" | "login"> & SMTPServerOptions = {}) {
  const mails: ReceivedMail[] = [];
  let behaviour: Behaviour = {};
  let accepted = 0;
  let greeted = 0;
  let logins = 0;
  const destroy = (id: string) => [...server.connections].find((connection) => connection.id === id)?._socket.destroy();

  const create = () =>
    new SMTPServer({
      name: "mail.example.test",
      banner: "test",
      logger: false,
      secure: tls === "implicit",
      disabledCommands: [...(tls === "none" ? ["STARTTLS"] : []), ...(login === null ? ["AUTH"] : [])],
      authOptional: login === null,
      disableReverseLookup: true,
      closeTimeout: 100,
      key: pem("EC PRIVATE KEY", KEY),
      cert: TEST_AUTHORITY,
      onAuth({ username, password }, _session, callback) {
        logins += 1;
        if (username === login?.user && password === login?.password) return callback(null, { user: username });
        callback(replyOf("535 5.7.8 Authentication failed"));
      },
      onConnect(_session, callback) {
        greeted += 1;
        if (behaviour.stalls !== "at connect") callback();
      },
      onRcptTo({ address }, _session, callback) {
        const refusal = behaviour.refusesRecipient?.(address) ?? null;
        callback(refusal === null ? null : replyOf(refusal));
      },
      async onData(stream, { id, envelope }, callback) {
        const { stalls, cuts, refusesMessage, onMessage } = behaviour;
        if (cuts === "in message") return void stream.once("data", () => destroy(id));
        const raw = await readAll(stream);
        if (refusesMessage !== undefined) return callback(replyOf(refusesMessage));
        const parsed = await PostalMime.parse(raw);
        mails.push({ ...parsed, raw: raw.toString(), recipients: envelope.rcptTo.map(({ address }) => address) });
        await onMessage?.();
        if (cuts === "after message") return void destroy(id);
        if (stalls === "after message") return;
        accepted += 1;
        callback(null, "2.0.0 Accepted");
      },
      ...options,
    }).on("error", () => {});

  let server = create();
  let port = 0;
  const listen = async () => {
    await once(server.listen(port, "127.0.0.1"), "listening");
    ({ port } = server.server.address() as AddressInfo);
  };
  const close = async () => {
    for (const { _socket } of server.connections) _socket.destroy();
    await new Promise<void>((resolve) => server.close(resolve));
  };
  await listen();

  return {
    /** For `SMTP_URL`. */
    url: `${tls === "implicit" ? "smtps" : "smtp"}://${login === null ? "" : `${login.user}:${login.password}@`}localhost:${port}`,
    settings: { host: "localhost", port, tls, login } satisfies MailServer,
    /** In the order of arrival. */
    mails,
    mailsTo: (address: string) => mails.filter(({ recipients }) => recipients.includes(address)),
    connections: () => server.connections.size,
    /** Connections since the start, and attempts to log in. */
    greeted: () => greeted,
    logins: () => logins,
    /** Mails whose acceptance was sent to the client. */
    accepted: () => accepted,
    behave(next: Behaviour): void {
      behaviour = next;
    },
    close,
    /** After `close`, on the same port. */
    async reopen(): Promise<void> {
      server = create();
      await listen();
    },
  };
}

export type TestSmtpServer = Awaited<ReturnType<typeof startSmtpServer>>;

function replyOf(reply: string): Error {
  return Object.assign(new Error(reply.slice(4)), { responseCode: Number(reply.slice(0, 3)) });
}

async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
