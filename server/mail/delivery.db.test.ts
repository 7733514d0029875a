import { randomUUID } from "node:crypto";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { atOnce, existingUser, useTestDatabase } from "@/db/testing";
import { startCuttingProxy } from "@/db/testing-cutting-proxy";
import { insertMail, type NewMail } from "@/db/tables/outgoing-mails";
import { connectThroughProxy, countStatements } from "@/server/auth/db-testing";
import { securityCounts } from "@/server/runtime/security-events";
import { newMail } from "./outbox";
import { deliverTo, makeAllDue, queueMail, readMail, SENDER, TEXTS } from "./testing";
import { startSmtpServer } from "./testing-smtp-server";

const database = useTestDatabase();
beforeEach(() => database.db.deleteFrom("outgoingMails").execute());

/** The condition may take long on a busy machine: the test's own timeout ends the wait. */
const until = (condition: () => unknown) => vi.waitFor(async () => expect(await condition()).toBeTruthy(), 100_000);
const countMails = async (column: "sentAt" | "lastError") => {
  const rows = await database.db.selectFrom("outgoingMails").select("id").where(column, "is not", null).execute();
  return rows.length;
};
const isSent = async (id: string) => (await readMail(database.db, id))?.sentAt;
const isDelayed = async (id: string) => (await readMail(database.db, id))?.lastError;

async function smtpServer(options: Parameters<typeof startSmtpServer>[0] = {}) {
  const server = await startSmtpServer(options);
  onTestFinished(server.close);
  return server;
}

test("delivery: a queued mail arrives once, as text and HTML, with the headers of an automatic mail", async () => {
  const { db } = database;
  const server = await smtpServer();
  const mail = await queueMail(db);
  deliverTo(server, { db });
  await until(() => isSent(mail.id));
  const [received, ...others] = server.mails;
  expect(others).toEqual([]);
  expect(received).toMatchObject({
    from: SENDER,
    to: [{ name: "", address: mail.recipient }],
    recipients: [mail.recipient],
    subject: TEXTS.subject,
    text: expect.stringMatching(/^Hello,\nBye\.\n*$/),
    html: expect.stringContaining(TEXTS.html),
    messageId: `<${mail.id}@app.example>`,
    date: new Date(Math.floor(mail.createdAt.getTime() / 1000) * 1000).toISOString(),
    attachments: [],
  });
  const headers = Object.fromEntries(received!.headers.map(({ key, value }) => [key, value]));
  expect(Object.keys(headers).sort()).toEqual([
    "auto-submitted",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "subject",
    "to",
  ]);
  expect(headers["auto-submitted"]).toBe("auto-generated");
  expect(headers["content-type"]).toMatch(/^multipart\/alternative;/);
  expect(await readMail(db, mail.id)).toMatchObject({
    attempts: 1,
    nextAttemptAt: null,
    failedAt: null,
    lastError: null,
  });
});

test("delivery: the mail of a transaction that is rolled back is not sent", async () => {
  const { db } = database;
  const server = await smtpServer();
  deliverTo(server, { db });
  const undone = db.transaction().execute(async (trx) => {
    await queueMail(trx);
    throw new Error("undone");
  });
  await expect(undone).rejects.toThrow("undone");
  const later = await queueMail(db);
  await until(() => isSent(later.id));
  expect(server.mails).toHaveLength(1);
});

test("delivery: queueing a mail is one statement, and does not wait for a mail server that responds to nothing", async () => {
  const { db, url } = database;
  const server = await smtpServer();
  server.behave({ stalls: "at connect" });
  await atOnce(10, () => queueMail(db));
  deliverTo(server, { db });
  await until(() => server.connections() > 0);
  const mail = newMail({ kind: "verify-email" }, { userId: null, recipient: "ada@example.test" }, new Date());
  expect(await countStatements(url, (one) => insertMail(one, mail))).toBe(1);
  expect(server.mails).toEqual([]);
});

test("delivery: two instances send each of 200 mails once", async () => {
  const server = await smtpServer();
  const mails = await atOnce(200, () => queueMail(database.db));
  for (let instance = 0; instance < 2; instance += 1) {
    const db = connect(database.url);
    const stop = deliverTo(server, { db });
    onTestFinished(async () => {
      await stop();
      await db.destroy();
    });
  }
  await until(() => server.mails.length >= mails.length);
  await until(async () => (await countMails("sentAt")) === mails.length);
  const ids = server.mails.map(({ messageId }) => messageId);
  expect(ids.sort()).toEqual(mails.map(({ id }) => `<${id}@app.example>`).sort());
});

test("delivery: 1,000 mails that were queued while the mail server was away for an hour all arrive once after its return", async () => {
  const { db } = database;
  const server = await smtpServer();
  await server.close();
  const mails = await db.transaction().execute(async (trx) => {
    const queued: NewMail[] = [];
    while (queued.length < 1000) queued.push(await queueMail(trx));
    return queued;
  });
  const stop = deliverTo(server, { db });
  await until(async () => (await countMails("lastError")) === mails.length);
  await stop();
  // An hour later, each has been tried nine times.
  await db
    .updateTable("outgoingMails")
    .set({ attempts: 9, createdAt: new Date(Date.now() - 3_600_000) })
    .execute();
  await makeAllDue(db);
  await server.reopen();
  deliverTo(server, { db });
  await until(async () => (await countMails("sentAt")) === mails.length);
  expect(server.mails.map(({ recipients }) => recipients[0]).sort()).toEqual(
    mails.map(({ recipient }) => recipient).sort(),
  );
});

test("delivery: a mail for which there is nothing to send is deleted", async () => {
  const { db } = database;
  const server = await smtpServer();
  const [nothing, other] = [await queueMail(db), await queueMail(db)];
  deliverTo(server, { db, compose: async ({ id }) => (id === nothing.id ? null : TEXTS) });
  await until(() => isSent(other.id));
  await until(async () => (await readMail(db, nothing.id)) === undefined);
  expect(server.mails).toHaveLength(1);
});

test("delivery: a mail that cannot be composed is delayed, and delays no other", async () => {
  const { db } = database;
  const server = await smtpServer();
  const [broken, other] = [await queueMail(db), await queueMail(db)];
  const compose = async ({ id }: { id: string }) => {
    if (id === broken.id) throw new TypeError("a bug");
    return TEXTS;
  };
  deliverTo(server, { db, compose });
  await until(() => isSent(other.id));
  await until(() => isDelayed(broken.id));
  expect(await readMail(db, broken.id)).toMatchObject({ sentAt: null, failedAt: null, lastError: "TypeError" });
});

test("delivery: the mails of a deleted account are not sent", async () => {
  const { db } = database;
  const server = await smtpServer();
  const user = await existingUser(db);
  await insertMail(db, newMail({ kind: "verify-email" }, { userId: user.id, recipient: user.email }, new Date()));
  await db.deleteFrom("users").where("id", "=", user.id).execute();
  const other = await queueMail(db);
  deliverTo(server, { db });
  await until(() => isSent(other.id));
  expect(server.mailsTo(user.email)).toEqual([]);
});

test("delivery: an unavailable database only delays mails", async () => {
  const proxy = await connectThroughProxy(database.url);
  onTestFinished(proxy.close);
  const server = await smtpServer();
  const stop = deliverTo(server, { db: proxy.db });
  onTestFinished(stop);
  await proxy.disconnect();
  const mail = await queueMail(database.db);
  await proxy.reconnect();
  await until(() => isSent(mail.id));
  expect(server.mails).toHaveLength(1);
});

test("delivery: a mail that was accepted while the database was unavailable is marked as sent later, and not sent again", async () => {
  const proxy = await startCuttingProxy(database.url);
  const db = connect(proxy.url);
  const server = await smtpServer();
  const mail = await queueMail(database.db);
  server.behave({ onMessage: () => proxy.cutAt({ statement: 1, when: "before", refusesReconnects: true }) });
  const stop = deliverTo(server, { db });
  onTestFinished(async () => {
    await stop();
    await db.destroy();
    await proxy.close();
  });
  await until(() => server.accepted() > 0 && proxy.refused() >= 3);
  proxy.restore();
  await until(() => isSent(mail.id));
  expect(server.mails).toHaveLength(1);
});

test("delivery: an older attempt whose lease was lost does not delay the mail that a newer one is sending", async () => {
  const { db } = database;
  const server = await smtpServer();
  let refuse = () => {};
  const isRefused = new Promise<void>((resolve) => (refuse = resolve));
  const mail = await queueMail(db);
  const slow = async () => {
    await isRefused;
    throw new Error("too late");
  };
  const stop = deliverTo(server, { db, compose: slow });
  await until(async () => (await readMail(db, mail.id))?.attempts === 1);
  await makeAllDue(db);
  deliverTo(server, { db });
  await until(() => isSent(mail.id));
  refuse();
  await stop();
  expect(await readMail(db, mail.id)).toMatchObject({ attempts: 2, lastError: null, failedAt: null });
});

test("delivery: a stopped delivery finishes what it is sending, and claims nothing more", async () => {
  const { db } = database;
  const server = await smtpServer();
  let stop = async () => {};
  let stopped: Promise<void> | undefined;
  server.behave({ onMessage: () => void (stopped ??= stop()) });
  const mails = await atOnce(20, () => queueMail(db));
  stop = deliverTo(server, { db, stopMilliseconds: 60_000 });
  await until(() => stopped !== undefined);
  await stopped;
  const rows = await Promise.all(mails.map(({ id }) => readMail(db, id)));
  expect(rows.filter((row) => row?.attempts === 1 && row.sentAt).length).toBe(server.mails.length);
  expect(rows.filter((row) => row?.attempts === 0).length).toBeGreaterThanOrEqual(15);
});

test("delivery: a stop does not wait for a mail server that does not respond, and another instance sends the mail", async () => {
  const { db } = database;
  const server = await smtpServer();
  server.behave({ stalls: "after message" });
  const mail = await queueMail(db);
  const patient = { sendTimeoutMilliseconds: 600_000 };
  const stop = deliverTo(server, { db, ...patient }, { timeouts: { socketTimeout: 600_000 } });
  await until(() => server.mails.length === 1);
  await stop();
  expect(await isSent(mail.id)).toBeNull();
  server.behave({});
  await makeAllDue(db);
  deliverTo(server, { db });
  await until(() => isSent(mail.id));
  expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(1);
});

test("delivery: what happens to mails is logged as events with codes, without address and text", async () => {
  const { db } = database;
  const server = await smtpServer();
  const before = securityCounts();
  const [sent, refused] = [
    await queueMail(db, `${randomUUID()}@sent.test`),
    await queueMail(db, `${randomUUID()}@refused.test`),
  ];
  server.behave({ refusesRecipient: (to) => (to === refused.recipient ? `550 5.1.1 <${to}>: no such user` : null) });
  deliverTo(server, { db });
  await until(() => isSent(sent.id));
  await until(async () => (await readMail(db, refused.id))?.failedAt);
  await until(() => securityCounts()["mail-failed"] > before["mail-failed"]);
  expect(securityCounts()["mail-sent"]).toBe(before["mail-sent"] + 1);
  expect((await readMail(db, refused.id))?.lastError).toBe("EENVELOPE RCPT TO 550 5.1.1");
});
