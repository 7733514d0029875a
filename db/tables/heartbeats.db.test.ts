import { expect, test } from "vitest";
import { useTestDatabase } from "@/db/testing";
import { purgeHeartbeats, replaceHeartbeat, writeHeartbeat } from "./heartbeats";

const database = useTestDatabase();
const at = (milliseconds: number) => new Date(Date.UTC(2026, 10, 30, 12) + milliseconds);
const names = async () =>
  (await database.db.selectFrom("heartbeats").select("name").orderBy("name").execute()).map(({ name }) => name);

test("a heartbeat returns the one that it replaces, to the millisecond, and null if there was none", async () => {
  const { db } = database;
  expect(await replaceHeartbeat(db, "one", at(123))).toBeNull();
  expect(await replaceHeartbeat(db, "one", at(1124))).toEqual(at(123));
  expect(await replaceHeartbeat(db, "one", at(1000)), "the clock may have been set back").toEqual(at(1124));
  expect(await replaceHeartbeat(db, "one", at(1000)), "the same once more").toEqual(at(1000));
  expect(await replaceHeartbeat(db, "two", at(0)), "of another instance").toBeNull();
  await db.deleteFrom("heartbeats").where("name", "=", "one").execute();
  expect(await replaceHeartbeat(db, "one", at(2000))).toBeNull();
});

test("a purge deletes the heartbeats of instances that stopped, and no other", async () => {
  const { db } = database;
  await db.deleteFrom("heartbeats").execute();
  await writeHeartbeat(db, "readiness");
  await replaceHeartbeat(db, "running", new Date(Date.now() - 3_500_000));
  await replaceHeartbeat(db, "stopped", new Date(Date.now() - 3_700_000));
  await purgeHeartbeats(db, 3600);
  expect(await names()).toEqual(["readiness", "running"]);
});
