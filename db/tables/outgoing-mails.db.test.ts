import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { connect } from "@/db/connect";
import { atOnce, createTestDatabase, daysAfter, useTestDatabase } from "@/db/testing";
import { claimMail, countMails, findDueMails, insertMail, markMailFailed, markMailSent } from "./outgoing-mails";
import { purgeMails } from "./purge";

const database = useTestDatabase();

const now = new Date();
async function existingMail(createdAt = now): Promise<string> {
  const id = randomUUID();
  await insertMail(database.db, {
    id,
    userId: null,
    kind: "test",
    recipient: "ada@example.test",
    details: "{}",
    createdAt,
  });
  return id;
}
const read = (id: string) =>
  database.db.selectFrom("outgoingMails").selectAll().where("id", "=", id).executeTakeFirst();

test("outgoing mails: of a hundred concurrent claims of one mail on two instances one succeeds, and the lease hides it from the others", async () => {
  const id = await existingMail();
  const due = (await findDueMails(database.db, 10)).find((mail) => mail.id === id)!;
  const other = connect(database.url);
  const claims = await atOnce(100, (index) => claimMail(index % 2 === 0 ? database.db : other, due, 60));
  await other.destroy();
  const won = claims.filter((claim) => claim !== null);
  expect(won).toMatchObject([{ id, attempts: 1, recipient: "ada@example.test" }]);
  expect((await findDueMails(database.db, 10)).map((mail) => mail.id)).not.toContain(id);
});

test("outgoing mails: a failure is stored only while its claim holds, and a success always", async () => {
  const id = await existingMail();
  const [lost, held] = [await claim(id, 0), await claim(id, 60)];
  await markMailFailed(database.db, lost, { error: "lost", retryAfterSeconds: null });
  expect(await read(id)).toMatchObject({ lastError: null, failedAt: null, nextAttemptAt: held.nextAttemptAt });
  await markMailFailed(database.db, held, { error: "held", retryAfterSeconds: null });
  expect(await read(id)).toMatchObject({ lastError: "held", failedAt: expect.any(Date), nextAttemptAt: null });
  await markMailSent(database.db, id);
  expect(await read(id)).toMatchObject({
    lastError: null,
    failedAt: null,
    nextAttemptAt: null,
    sentAt: expect.any(Date),
  });
});

test("outgoing mails: a mail is due by the database's clock, whatever that of its writer says", async () => {
  const ids = await atOnce(2, (index) => existingMail(daysAfter(now, index === 0 ? -2 : 2)));
  const due = (await findDueMails(database.db, 100)).map(({ id }) => id);
  expect(due).toEqual(expect.arrayContaining(ids));
});

test("purge: deletes the mails written long enough ago, sent or not, in batches", async () => {
  const old = await atOnce(7, () => existingMail(daysAfter(now, -31)));
  const recent = await existingMail(daysAfter(now, -29));
  await markMailSent(database.db, old[0]!);
  const options = { olderThanSeconds: 30 * 86_400, batch: 5 };
  expect(await purgeMails(database.db, now, options)).toBe(5);
  expect(await purgeMails(database.db, now, options)).toBe(2);
  expect(await purgeMails(database.db, now, options)).toBe(0);
  expect(await read(recent)).toBeDefined();
});

test("purge: skips a locked mail without waiting", async () => {
  const id = await existingMail(daysAfter(now, -31));
  await database.db.transaction().execute(async (trx) => {
    await trx.selectFrom("outgoingMails").select("id").where("id", "=", id).forUpdate().execute();
    expect(await purgeMails(database.db, now, { olderThanSeconds: 30 * 86_400 })).toBe(0);
  });
  expect(await purgeMails(database.db, now, { olderThanSeconds: 30 * 86_400 })).toBe(1);
});

test("outgoing mails: the counts tell overdue, delayed and failed ones from those that are sent or just queued", async () => {
  const { db } = await createTestDatabase();
  const instant = { past: daysAfter(now, -1), soon: daysAfter(now, 1) };
  const rows = [
    { nextAttemptAt: instant.past, attempts: 0 },
    ...[1, 2].map(() => ({ nextAttemptAt: instant.soon, lastError: "EAUTH 535" })),
    ...[1, 2, 3].map(() => ({ nextAttemptAt: null, failedAt: instant.past, lastError: "RCPT TO 550" })),
    { nextAttemptAt: null, sentAt: instant.past },
  ];
  const mail = { userId: null, kind: "test", recipient: "ada@example.test", details: "{}", createdAt: now };
  expect(await countMails(db)).toEqual({ overdue: 0, delayed: 0, failed: 0, commonError: null });
  for (const row of rows)
    await db
      .insertInto("outgoingMails")
      .values({ ...mail, id: randomUUID(), ...row })
      .execute();
  await insertMail(db, { ...mail, id: randomUUID() });
  expect(await countMails(db)).toEqual({ overdue: 1, delayed: 2, failed: 3, commonError: "RCPT TO 550" });
});

async function claim(id: string, leaseSeconds: number) {
  const due = (await findDueMails(database.db, 100)).find((mail) => mail.id === id)!;
  return (await claimMail(database.db, due, leaseSeconds))!;
}
