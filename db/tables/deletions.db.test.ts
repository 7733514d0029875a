import { expect, test } from "vitest";
import { connect } from "@/db/connect";
import { atOnce, daysAfter, existingSession, existingUser, useTestDatabase } from "@/db/testing";
import { findDueDeletions, purgeAccount, undoDeletion } from "./deletions";
import { findUserById } from "./users";

const database = useTestDatabase();

const DELAY_SECONDS = 14 * 86_400;
const now = new Date("2026-11-30T12:00:00.250Z");
const requestedAt = daysAfter(now, -14);

/** An account whose deletion is due now, or at another time. */
const toBeDeleted = (deletesAt = now, disabledAt = daysAfter(deletesAt, -14)) =>
  existingUser(database.db, { disabledAt, deletesAt });
const undo = (userId: string, at: Date, db = database.db) =>
  undoDeletion(db, { userId, delaySeconds: DELAY_SECONDS, now: at });
const find = (id: string) => findUserById(database.db, id);

test("undo: enables the account again until the deletion is due, and not from then on", async () => {
  const { id } = await toBeDeleted();
  expect(await undo(id, now)).toBe(false);
  expect(await find(id)).toMatchObject({ disabledAt: requestedAt, deletesAt: now });
  expect(await undo(id, new Date(now.getTime() - 1))).toBe(true);
  expect(await find(id)).toMatchObject({ disabledAt: null, deletesAt: null });
  expect(await undo(id, new Date(now.getTime() - 1))).toBe(false);
});

test("undo: does not enable an account that was disabled without a deletion", async () => {
  const { id } = await existingUser(database.db, { disabledAt: requestedAt });
  expect(await undo(id, requestedAt)).toBe(false);
  expect(await find(id)).toMatchObject({ disabledAt: requestedAt, deletesAt: null });
});

test("undo: an account that was disabled again during the deletion is not deleted, and stays disabled", async () => {
  const disabledAt = daysAfter(now, -3);
  const { id } = await toBeDeleted(now, disabledAt);
  expect(await undo(id, daysAfter(now, -1))).toBe(true);
  expect(await find(id)).toMatchObject({ disabledAt, deletesAt: null });
});

test("purge: finds due accounts, the longest due first, and no others", async () => {
  const later = await toBeDeleted(daysAfter(now, -1));
  const earlier = await toBeDeleted(daysAfter(now, -2));
  await toBeDeleted(daysAfter(now, 1));
  await existingUser(database.db, { disabledAt: requestedAt });
  expect(await findDueDeletions(database.db, daysAfter(now, -1), 10)).toEqual([earlier.id, later.id]);
  expect(await findDueDeletions(database.db, daysAfter(now, -1), 1)).toEqual([earlier.id]);
});

test("purge: deletes an account with its sessions in batches", async () => {
  const { id: userId } = await existingUser(database.db);
  await atOnce(12, () => existingSession(database.db, { userId }));
  await database.db
    .updateTable("users")
    .set({ disabledAt: requestedAt, deletesAt: now })
    .where("id", "=", userId)
    .execute();
  expect(await purgeAccount(database.db, userId, now, 5)).toBe(true);
  expect(await find(userId)).toBeUndefined();
  const left = await database.db.selectFrom("sessions").select("id").where("userId", "=", userId).execute();
  expect(left).toEqual([]);
  expect(await purgeAccount(database.db, userId, now, 5)).toBe(false);
});

test("purge: deletes no account before its time, and none whose deletion was undone", async () => {
  const { id } = await toBeDeleted();
  expect(await purgeAccount(database.db, id, new Date(now.getTime() - 1))).toBe(false);
  await undo(id, daysAfter(now, -1));
  expect(await purgeAccount(database.db, id, now)).toBe(false);
  expect(await find(id)).toMatchObject({ disabledAt: null });
});

test("purge: does not wait for an account that another transaction has locked", async () => {
  const { id } = await toBeDeleted();
  const other = connect(database.url);
  await other.transaction().execute(async (trx) => {
    await trx.updateTable("users").set({ fullName: "held" }).where("id", "=", id).execute();
    expect(await purgeAccount(database.db, id, now)).toBe(false);
  });
  await other.destroy();
  expect(await purgeAccount(database.db, id, now)).toBe(true);
});

test("an undo and the purges of two instances at once: exactly one of them has an effect", async () => {
  const instances = [connect(database.url), connect(database.url)];
  const winners = new Map<string, number>();
  for (let round = 0; round < 60; round++) {
    const { id } = await toBeDeleted();
    // The clock of the instance that undoes is a moment behind: only then can both conditions hold.
    const undoing = () => undo(id, new Date(now.getTime() - 1), instances[round % 2]!);
    const purging = instances.map((db) => () => purgeAccount(db, id, now));
    const inOrder = round % 2 ? [undoing, ...purging] : [...purging, undoing];
    const results = await Promise.all(inOrder.map((start) => start()));
    const undone = results[inOrder.indexOf(undoing)]!;
    const user = await find(id);
    expect(results.filter(Boolean), `round ${round}`).toHaveLength(1);
    expect(user === undefined ? "purged" : String(user.disabledAt)).toBe(undone ? "null" : "purged");
    winners.set(undone ? "undo" : "purge", (winners.get(undone ? "undo" : "purge") ?? 0) + 1);
  }
  await Promise.all(instances.map((db) => db.destroy()));
  expect([...winners.keys()].sort(), JSON.stringify([...winners])).toEqual(["purge", "undo"]);
});
