import { TEST_ENV } from "@/server/runtime/testing-env";
import { expect, onTestFinished, test, vi } from "vitest";
import { parseEnv } from "@/server/runtime/env";
import { startSmtpServer, TEST_AUTHORITY } from "@/server/mail/testing-smtp-server";
import { idsOf } from "@/ops/doctor/testing";
import { examineMail } from "./examine-mail";
import { judgeMail } from "./judge-mail";
import { startDnsServer } from "./testing";

vi.setConfig({ testTimeout: 60_000 });

const LOGIN = { user: "portcullis", password: "secret" };
const RECORDS = { "app.example": "v=spf1 -all", "_dmarc.app.example": "v=DMARC1; p=reject" };

async function smtpServer(options: Parameters<typeof startSmtpServer>[0] = {}) {
  const server = await startSmtpServer(options);
  onTestFinished(server.close);
  return server;
}

/** What the doctor says about this server and the domain of this sender. */
async function examine(
  SMTP_URL: string,
  { records = RECORDS, from = "no-reply@app.example" }: { records?: Record<string, string> | null; from?: string } = {},
) {
  const env = parseEnv({ ...TEST_ENV, SMTP_URL, MAIL_FROM: from });
  const dnsServers = [await startDnsServer(records)];
  return judgeMail(await examineMail(env, { dnsServers, tls: { ca: TEST_AUTHORITY } }), null);
}

test("mail: a server that accepts TLS and login, and a domain with both records, are healthy; no mail is sent", async () => {
  const server = await smtpServer({ tls: "implicit", login: LOGIN });
  const group = await examine(server.url);
  expect(idsOf(group)).toEqual([]);
  expect(group.healthy).toBe(`localhost:${server.settings.port} accepts TLS and login; app.example has SPF and DMARC`);
  expect([server.logins(), server.mails]).toEqual([1, []]);
});

test("mail: a wrong password is a problem, which does not quote it", async () => {
  const server = await smtpServer({ tls: "implicit", login: LOGIN });
  const group = await examine(server.url.replace("secret", "hunter2"));
  expect(idsOf(group)).toEqual(["✗ mail-login"]);
  expect(JSON.stringify(group)).not.toContain("hunter2");
});

test("mail: a server that is down is a problem", async () => {
  const server = await smtpServer();
  await server.close();
  expect(idsOf(await examine(server.url))).toEqual(["✗ mail-unreachable"]);
});

test("mail: a certificate that is not trusted is a problem", async () => {
  const server = await smtpServer({ tls: "implicit" });
  const env = parseEnv({ ...TEST_ENV, SMTP_URL: server.url, MAIL_FROM: "no-reply@app.example" });
  const group = judgeMail(await examineMail(env, { dnsServers: [await startDnsServer(RECORDS)] }), null);
  expect(idsOf(group)).toEqual(["✗ mail-tls"]);
});

test("mail: a server without STARTTLS is a problem", async () => {
  const server = await smtpServer({ tls: "none" });
  const env = parseEnv({ ...TEST_ENV, SMTP_URL: server.url, MAIL_FROM: "no-reply@app.example" });
  const SMTP_URL = { ...server.settings, tls: "starttls" as const };
  const facts = await examineMail({ ...env, SMTP_URL }, { dnsServers: [await startDnsServer(RECORDS)] });
  expect(idsOf(judgeMail(facts, null))).toEqual(["✗ mail-tls"]);
});

test.each<[records: Record<string, string> | null, ids: string[]]>([
  [{}, ["! spf-missing", "! dmarc-missing"]],
  [{ "app.example": "v=spf1 -all" }, ["! dmarc-missing"]],
  [{ "app.example": "other", "_dmarc.app.example": "v=DMARC1; p=none" }, ["! spf-missing"]],
  [null, []],
])("mail: with the DNS records %j of the sender's domain: %j", async (records, ids) => {
  const server = await smtpServer();
  expect(idsOf(await examine(server.url, { records }))).toEqual(ids);
});

test("mail: the DMARC policy of a parent domain holds for its subdomains", async () => {
  const server = await smtpServer();
  const records = { "mail.app.example": "v=spf1 -all", "_dmarc.app.example": "v=DMARC1; p=reject" };
  expect(idsOf(await examine(server.url, { records, from: "no-reply@mail.app.example" }))).toEqual([]);
});
