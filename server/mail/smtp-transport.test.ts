import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { MailServer } from "@/server/runtime/mail-variables";
import { decideRetry, describeFailure } from "./judge-failure";
import type { MailToSend } from "./mime-message";
import { openSmtpTransport } from "./smtp-transport";
import { SENDER, TEXTS } from "./testing";
import { startSmtpServer, TEST_AUTHORITY } from "./testing-smtp-server";

vi.setConfig({ testTimeout: 60_000 });

const LOGIN = { user: "portcullis", password: "p@ss:w/rd 100%" };
const TRUSTED = { tls: { ca: TEST_AUTHORITY } };

async function smtpServer(options: Parameters<typeof startSmtpServer>[0] = {}) {
  const server = await startSmtpServer(options);
  onTestFinished(server.close);
  return server;
}

function open(settings: MailServer, options: Parameters<typeof openSmtpTransport>[2] = TRUSTED) {
  const transport = openSmtpTransport(settings, SENDER, options);
  const send = (given: Partial<MailToSend> = {}) =>
    transport.send(
      { id: randomUUID(), recipient: "ada@example.test", createdAt: new Date(), ...TEXTS, ...given },
      AbortSignal.timeout(50_000),
    );
  const close = () => transport.close();
  closers.push(close);
  return { send, close };
}
const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

describe.each<MailServer["tls"]>(["implicit", "starttls"])("TLS: %s", (tls) => {
  test(`SMTP with ${tls} TLS: a mail is sent encrypted, after the login`, async () => {
    let isSecure: unknown;
    const server = await smtpServer({
      tls,
      login: LOGIN,
      onMailFrom: (_, session, callback) => callback(((isSecure = session.secure), null)),
    });
    await open(server.settings).send();
    expect([server.mails.length, isSecure]).toEqual([1, true]);
  });

  test(`SMTP with ${tls} TLS: a server with the certificate of an unknown authority gets neither login nor mail`, async () => {
    const server = await smtpServer({ tls, login: LOGIN });
    await expect(open(server.settings, {}).send()).rejects.toMatchObject({
      originalCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    expect([server.mails, server.logins()]).toEqual([[], 0]);
  });

  test(`SMTP with ${tls} TLS: a server with the certificate of another name gets neither login nor mail`, async () => {
    const server = await smtpServer({ tls, login: LOGIN });
    const settings = { ...server.settings, host: "127.0.0.1" };
    await expect(open(settings).send()).rejects.toMatchObject({ originalCode: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect([server.mails, server.logins()]).toEqual([[], 0]);
  });
});

test("SMTP with STARTTLS: a server that does not offer it gets neither login nor mail", async () => {
  const server = await smtpServer({ tls: "none", login: LOGIN, allowInsecureAuth: true });
  await expect(open({ ...server.settings, tls: "starttls" }).send()).rejects.toMatchObject({ code: "ETLS" });
  expect([server.mails, server.logins()]).toEqual([[], 0]);
});

test("SMTP: a refused login is a failure that is repeated", async () => {
  const server = await smtpServer({ tls: "implicit", login: LOGIN });
  const settings = { ...server.settings, login: { ...LOGIN, password: "wrong" } };
  const failure = await open(settings)
    .send()
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "EAUTH", responseCode: 535 });
  expect(decideRetry(1, failure, 0)).toBeGreaterThan(0);
});

test("SMTP: mails share connections, five at the most", async () => {
  const server = await smtpServer();
  const { send } = open(server.settings);
  for (let count = 0; count < 10; count += 1) await send();
  expect(server.greeted()).toBe(1);
  await Promise.all(Array.from({ length: 50 }, () => send()));
  expect([server.mails.length, server.greeted()]).toEqual([60, 5]);
});

test("SMTP: a connection that the server has closed while it was idle costs no attempt", async () => {
  const server = await smtpServer();
  const { send } = open(server.settings);
  await send();
  await server.close();
  await server.reopen();
  await send();
  expect(server.mails).toHaveLength(2);
});

const INJECTIONS = [
  "\r\nBcc: eve@evil.test",
  "\nBcc: eve@evil.test",
  "\r\n\r\n<script>",
  "\0",
  "\u2028Bcc: x",
  "=?utf-8?q?=0ABcc:_eve?=",
];

test.each(INJECTIONS)("SMTP: %j in subject and text adds neither a header nor a recipient", async (injected) => {
  const server = await smtpServer();
  const subject = `Hello ${injected}`;
  await open(server.settings).send({ subject, text: `${injected}\n.\r\nMAIL FROM:<x@evil.test>`, html: injected });
  const [mail] = server.mails;
  expect(server.mails).toHaveLength(1);
  expect(mail?.recipients).toEqual(["ada@example.test"]);
  expect(mail?.headers.map(({ key }) => key).sort()).toEqual([
    "auto-submitted",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "subject",
    "to",
  ]);
  expect(mail?.subject?.replace(/\s+/g, " ")).toContain("Hello");
});

test.each(["o'neil+tag@example.test", "üser@example.test", "=?utf-8?q?x?=@example.test", "a/b=c@example.test"])(
  "SMTP: a mail to %j reaches that recipient",
  async (recipient) => {
    const server = await smtpServer();
    await open(server.settings).send({ recipient });
    expect(server.mails).toMatchObject([{ recipients: [recipient], to: [{ address: recipient }] }]);
  },
);

test("SMTP: a domain in Unicode is sent in its ASCII form", async () => {
  const server = await smtpServer();
  await open(server.settings).send({ recipient: "ada@bücher.example" });
  expect(server.mails[0]?.raw).toMatch(/^To: ada@xn--bcher-kva\.example\r$/m);
});

test.each([
  "a,b@example.test",
  "a;b@example.test",
  "a:b@example.test",
  "x(comment)@example.test",
  '"@example.test',
  "\\@example.test",
  "[x]@example.test",
  "<script>@example.test",
  "a>,eve@evil.test,<b@example.test",
  "eve@evil.test\r\nBcc: eve@evil.test",
  "eve@evil.test>\r\nRCPT TO:<eve@evil.test",
  "ada@example.test ",
  "ada",
])("SMTP: a mail to %j, which could be parsed as another address, is refused for good", async (recipient) => {
  const server = await smtpServer();
  const failure = await open(server.settings)
    .send({ recipient })
    .catch((error: unknown) => error);
  expect([decideRetry(1, failure, 0), describeFailure(failure)]).toEqual([null, "UnsafeAddressError"]);
  expect(server.greeted()).toBe(0);
});
