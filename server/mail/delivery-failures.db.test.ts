import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { useTestDatabase } from "@/db/testing";
import { startCuttingProxy } from "@/db/testing-cutting-proxy";
import { ROOT } from "@/scripts/paths.mjs";
import { usePrograms } from "@/server/http/testing";
import { MAX_ATTEMPTS } from "./judge-failure";
import { deliverTo, makeAllDue, queueMail, readMail, TEXTS } from "./testing";
import { startSmtpServer, type Behaviour, type TestSmtpServer } from "./testing-smtp-server";

const database = useTestDatabase();
beforeEach(() => database.db.deleteFrom("outgoingMails").execute());

const until = (condition: () => unknown) => vi.waitFor(async () => expect(await condition()).toBeTruthy(), 100_000);
const isSent = async (id: string) => (await readMail(database.db, id))?.sentAt;
const isDelayed = async (id: string) => (await readMail(database.db, id))?.lastError;

async function smtpServer(behaviour: Behaviour = {}, options: Parameters<typeof startSmtpServer>[0] = {}) {
  const server = await startSmtpServer(options);
  onTestFinished(server.close);
  server.behave(behaviour);
  return server;
}

/** Longer than the message of a test needs, and shorter than the test. */
const SHORT = { timeouts: { connectionTimeout: 2000, greetingTimeout: 2000, socketTimeout: 2000 } };

/** So large that the server has not received it whole when it closes the connection. */
const LARGE = { ...TEXTS, html: `<p>${"Hello ".repeat(500_000)}</p>` };

/** The first attempt fails, with this error; the second, to the server as it should be, succeeds. */
async function expectDelay(server: TestSmtpServer, error: string | RegExp, compose = async () => TEXTS) {
  const { db } = database;
  const mail = await queueMail(db);
  deliverTo(server, { db, compose, sendTimeoutMilliseconds: 10_000 }, SHORT);
  await until(() => isDelayed(mail.id));
  const delayed = await readMail(db, mail.id);
  expect(delayed).toMatchObject({ attempts: 1, sentAt: null, failedAt: null, lastError: expect.stringMatching(error) });
  expect(delayed!.nextAttemptAt!.getTime()).toBeGreaterThan(delayed!.createdAt.getTime());
  server.behave({});
  await makeAllDue(db);
  await until(() => isSent(mail.id));
  return mail;
}

test("mail server: while it is down mails are delayed", async () => {
  const server = await smtpServer();
  await server.close();
  const { db } = database;
  const mail = await queueMail(db);
  deliverTo(server, { db });
  await until(() => isDelayed(mail.id));
  expect((await readMail(db, mail.id))?.lastError).toMatch(/ECONNREFUSED/);
  await server.reopen();
  await makeAllDue(db);
  await until(() => isSent(mail.id));
  expect(server.mails).toHaveLength(1);
});

test.each<[what: string, Behaviour, error: RegExp, arrivals: number]>([
  ["that sends no greeting", { stalls: "at connect" }, /^ETIMEDOUT/, 1],
  ["that refuses the recipient for now", { refusesRecipient: () => "451 4.7.1 Greylisted" }, /RCPT TO 451 4\.7\.1$/, 1],
  ["that refuses the message for now", { refusesMessage: "452 4.3.1 Disk full" }, /DATA 452 4\.3\.1$/, 1],
  ["that closes the connection with a reply", { refusesMessage: "421 4.3.2 Shutting down" }, /421 4\.3\.2$/, 1],
  ["that relays nothing for now", { refusesRecipient: () => "554 5.7.1 Relay access denied" }, /554 5\.7\.1$/, 1],
  ["that closes the connection in a message", { cuts: "in message" }, /^ECONNECTION|^ESOCKET/, 1],
  // It has accepted the mail, which nothing has told the sender.
  ["that closes the connection before its reply", { cuts: "after message" }, /^ECONNECTION|^ESOCKET/, 2],
  ["that never replies to a message", { stalls: "after message" }, /^ETIMEDOUT/, 2],
])("mail server: one %s delays the mail, which keeps its Message-ID", async (_, behaviour, error, arrivals) => {
  const server = await smtpServer(behaviour);
  const mail = await expectDelay(server, error, async () => LARGE);
  expect(server.mails.map(({ messageId }) => messageId)).toEqual(Array(arrivals).fill(`<${mail.id}@app.example>`));
});

test("mail server: one that sends its greeting byte by byte reaches the time limit of the whole attempt", async () => {
  const { db } = database;
  const sockets = new Set<Socket>();
  const slow = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    const timer = setInterval(() => socket.write("2"), 20);
    socket.on("close", () => clearInterval(timer));
  });
  await once(slow.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    slow.close();
  });
  const { port } = slow.address() as AddressInfo;
  const mail = await queueMail(db);
  deliverTo({ settings: { host: "127.0.0.1", port, tls: "none", login: null } }, { db, sendTimeoutMilliseconds: 500 });
  await until(() => isDelayed(mail.id));
  expect((await readMail(db, mail.id))?.lastError).toBe("EABORT");
});

test.each(["550 5.1.1 No such user", "553 Mailbox name not allowed", "552 5.2.2 Mailbox full"])(
  "mail server: after %s for a recipient the mail is given up at once, and others are sent over the same connection",
  async (reply) => {
    const { db } = database;
    const server = await smtpServer();
    const [refused, other] = [await queueMail(db), await queueMail(db)];
    server.behave({ refusesRecipient: (address) => (address === refused.recipient ? reply : null) });
    deliverTo(server, { db });
    await until(() => isSent(other.id));
    await until(async () => (await readMail(db, refused.id))?.failedAt);
    expect(await readMail(db, refused.id)).toMatchObject({ attempts: 1, sentAt: null, nextAttemptAt: null });
    expect(server.mails).toHaveLength(1);
  },
);

test("mail server: a mail that has failed for a day is given up", async () => {
  const { db } = database;
  const server = await smtpServer({ refusesMessage: "451 Later" });
  const mail = await queueMail(db);
  await db
    .updateTable("outgoingMails")
    .set({ attempts: MAX_ATTEMPTS - 1 })
    .execute();
  deliverTo(server, { db });
  await until(async () => (await readMail(db, mail.id))?.failedAt);
  expect(await readMail(db, mail.id)).toMatchObject({ attempts: MAX_ATTEMPTS, nextAttemptAt: null, sentAt: null });
});

const PROGRAM = `
  import { connect } from "@/db/connect";
  import { startDelivery } from "@/server/mail/delivery";
  import { openSmtpTransport } from "@/server/mail/smtp-transport";
  const settings = JSON.parse(process.env.SMTP_SETTINGS);
  startDelivery({
    db: connect(process.env.DATABASE_URL),
    transport: openSmtpTransport(settings, { name: "", address: "no-reply@app.example" }),
    compose: async () => ({ subject: "Killed", text: "text", html: "html" }),
  });
  setInterval(() => {}, 1000);
`;
const folder = usePrograms({ deliver: PROGRAM });

test("delivery: a mail whose sender was killed after the server had accepted it is sent again with the same Message-ID", async () => {
  const { db, url } = database;
  const server = await smtpServer();
  const mail = await queueMail(db);
  // The process loses its database at the first statement after the message: it cannot mark the mail as sent.
  const proxy = await startCuttingProxy(url);
  onTestFinished(() => proxy.close());
  server.behave({ onMessage: () => proxy.cutAt({ statement: 1, when: "before", refusesReconnects: true }) });
  const env = { NODE_ENV: "test", DATABASE_URL: proxy.url, SMTP_SETTINGS: JSON.stringify(server.settings) } as const;
  const child = spawn(process.execPath, [join(folder, "deliver.mjs")], { cwd: ROOT, env, stdio: "inherit" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  onTestFinished(() => void child.kill("SIGKILL"));
  await until(() => server.accepted() > 0 && proxy.wasCut());
  child.kill("SIGKILL");
  await ended;
  expect(await readMail(db, mail.id)).toMatchObject({ attempts: 1, sentAt: null, failedAt: null, lastError: null });

  server.behave({});
  deliverTo(server, { db });
  await makeAllDue(db);
  await until(() => isSent(mail.id));
  expect(server.mails.map(({ messageId }) => messageId)).toEqual(Array(2).fill(`<${mail.id}@app.example>`));
});
