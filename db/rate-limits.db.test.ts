import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "./connect";
import { countHit, purgeExpiredLimits, refundHits } from "./rate-limits";
import { atOnce, createTestDatabase, type TestDatabase } from "./testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const now = new Date("2026-11-21T12:00:00.500Z");
const seconds = (count: number) => new Date(now.getTime() + count * 1000);
const newBucket = () => createHash("sha256").update(randomUUID()).digest("hex");
const count = (bucket: string, at = now) => countHit(database.db, bucket, { windowSeconds: 60, now: at });

test("a window begins with its first hit and ends after its time, however many come", async () => {
  const bucket = newBucket();
  expect(await count(bucket)).toEqual({ hits: 1, resetsAt: seconds(60) });
  expect(await count(bucket, seconds(59.9))).toEqual({ hits: 2, resetsAt: seconds(60.9) });
  expect(await count(bucket, seconds(60))).toEqual({ hits: 1, resetsAt: seconds(120) });
  expect(await count(bucket, seconds(61))).toEqual({ hits: 2, resetsAt: seconds(120) });
});

test("a hundred hits at once over five instances: each gets a number of its own", async () => {
  const instances = Array.from({ length: 5 }, () => connect(database.url));
  for (let round = 0; round < 3; round++) {
    const bucket = newBucket();
    const hits = await atOnce(100, async (index) => {
      const counted = await countHit(instances[index % 5]!, bucket, { windowSeconds: 60, now });
      return counted.hits;
    });
    expect(hits.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  }
  await Promise.all(instances.map((instance) => instance.destroy()));
});

test("a flood of hits on one counter holds up no other", async () => {
  const flooded = newBucket();
  const others = Array.from({ length: 8 }, newBucket);
  let settled = 0;
  const flood = atOnce(100, () => count(flooded).finally(() => (settled += 1)));
  await Promise.all(others.map((bucket) => count(bucket)));
  expect(settled).toBeLessThan(50);
  await flood;
});

test("a window that ends under a hundred hits begins once", async () => {
  const bucket = newBucket();
  await atOnce(10, () => count(bucket));
  const hits = await atOnce(100, async () => (await count(bucket, seconds(60))).hits);
  expect(hits.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

test("an instance whose clock is behind counts in the window that the other began", async () => {
  const bucket = newBucket();
  await count(bucket, seconds(2));
  expect(await count(bucket, now)).toEqual({ hits: 2, resetsAt: seconds(62) });
});

test("a refunded hit can be spent again, and a refund never gives more than was taken", async () => {
  const bucket = newBucket();
  await count(bucket);
  await count(bucket);
  await refundHits(database.db, [bucket], now);
  expect((await count(bucket)).hits).toBe(2);
  await atOnce(5, () => refundHits(database.db, [bucket], now));
  expect(await count(bucket, seconds(1))).toEqual({ hits: 1, resetsAt: seconds(60) });
  await refundHits(database.db, [newBucket()], now);
});

test("many are refunded at once: each bucket as often as it is named, and no other", async () => {
  const buckets = Array.from({ length: 20 }, newBucket);
  const [twice, once, untouched] = buckets as [string, string, string];
  for (let hit = 0; hit < 3; hit++) await Promise.all(buckets.map((bucket) => count(bucket)));
  await refundHits(database.db, [...buckets.filter((bucket) => bucket !== untouched), twice], now);
  expect((await count(twice)).hits).toBe(2);
  expect((await count(once)).hits).toBe(3);
  expect((await count(untouched)).hits).toBe(4);
  await refundHits(database.db, [], now);
});

test("refunds of many, from two instances, meet hits on all of them: every one counts, and nobody sees a deadlock", async () => {
  const other = connect(database.url);
  const buckets = Array.from({ length: 20 }, newBucket);
  for (let hit = 0; hit < 20; hit++) await Promise.all(buckets.map((bucket) => count(bucket)));
  await atOnce(60, async (index) => {
    if (index % 3 !== 0) await Promise.all(buckets.map((bucket) => count(bucket)));
    else if (index % 2 === 0) await refundHits(database.db, buckets, now);
    else await refundHits(other, buckets.toReversed(), now);
  });
  for (const bucket of buckets) expect((await count(bucket)).hits).toBe(20 + 40 - 20 + 1);
  await other.destroy();
});

test("a refund for a window that is over takes nothing from the next", async () => {
  const bucket = newBucket();
  await count(bucket);
  await refundHits(database.db, [bucket], seconds(60));
  expect((await count(bucket, seconds(30))).hits).toBe(2);
});

test("windows of days and millions of hits still fit in one number", async () => {
  const { db } = database;
  const bucket = newBucket();
  const windowSeconds = 7 * 86_400;
  await countHit(db, bucket, { windowSeconds, now });
  await db.updateTable("rateLimits").set({ hits: 4_000_000_000 }).where("bucket", "=", bucket).execute();
  const counted = await countHit(db, bucket, { windowSeconds, now });
  expect(counted).toEqual({ hits: 4_000_000_001, resetsAt: seconds(windowSeconds) });
});

test("only counters whose window is over are purged, a batch at a time", async () => {
  const { db } = database;
  await purgeExpiredLimits(db, seconds(1e6), 10_000);
  const kept = newBucket();
  await atOnce(7, () => count(newBucket()));
  await count(kept, seconds(30));
  expect(await purgeExpiredLimits(db, seconds(60), 5)).toBe(5);
  expect(await purgeExpiredLimits(db, seconds(60), 5)).toBe(2);
  expect(await purgeExpiredLimits(db, seconds(60), 5)).toBe(0);
  expect((await count(kept, seconds(60))).hits).toBe(2);
});
