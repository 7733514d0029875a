import { createHash, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { clearHits, countHit, purgeExpiredLimits, decrementHits, SLOTS_PER_ROW } from "./rate-limits";
import { atOnce, useTestDatabase } from "@/db/testing";

const database = useTestDatabase();

const now = new Date("2026-11-21T12:00:00.500Z");
const seconds = (count: number) => new Date(now.getTime() + count * 1000);
const newBucket = () => createHash("sha256").update(randomUUID()).digest("hex");
const count = (bucket: string, at = now, hitsAtMost = 10, db = database.db) =>
  countHit(db, bucket, { hitsAtMost, windowSeconds: 60, now: at });
const passes = async (bucket: string, at: Date, hitsAtMost = 10) =>
  (await count(bucket, at, hitsAtMost)).hits <= hitsAtMost;
const refund = (bucket: string, countedAt = now) => decrementHits(database.db, [{ bucket, countedAt }], now);
const rowOf = (bucket: string) =>
  database.db.selectFrom("rateLimits").selectAll().where("bucket", "=", bucket).executeTakeFirstOrThrow();

describe("countHit", () => {
  test("allows a hit when the oldest one leaves the window, to the millisecond, and returns that time", async () => {
    const bucket = newBucket();
    expect(await count(bucket, now, 2)).toEqual({ hits: 1, resetsAt: seconds(60) });
    expect(await count(bucket, seconds(59), 2)).toEqual({ hits: 2, resetsAt: seconds(60) });
    expect(await count(bucket, seconds(59.999), 2)).toEqual({ hits: 3, resetsAt: seconds(60.999) });
    expect(await count(bucket, seconds(60), 2)).toEqual({ hits: 2, resetsAt: seconds(119) });
    expect(await count(bucket, seconds(60), 2)).toEqual({ hits: 3, resetsAt: seconds(119) });
    expect(await count(bucket, seconds(119), 2)).toEqual({ hits: 2, resetsAt: seconds(120) });
  });

  test("counts hits on both sides of a minute boundary in one window: ten of twenty pass", async () => {
    const bucket = newBucket();
    await count(bucket, seconds(0));
    let passed = 1;
    for (let hit = 0; hit < 9; hit++) if (await passes(bucket, seconds(58 + hit / 10))) passed += 1;
    for (let hit = 0; hit < 10; hit++) if (await passes(bucket, seconds(61 + hit / 10))) passed += 1;
    // The hit at 0 s has left the window by then.
    expect(passed).toBe(11);
  });

  test("does not extend the window by refused hits", async () => {
    const bucket = newBucket();
    for (let second = 0; second < 60; second++) await count(bucket, seconds(second), 1);
    expect(await passes(bucket, seconds(60), 1)).toBe(true);
  });

  test.each([
    [1, 10],
    [5, 7],
    [10, 3],
    [13, 3],
    [40, 1],
    [100, 0.7],
  ])(
    "of %i hits holds at every position, and refuses only where it is full: a hit every %f s or so",
    async (limit, gap) => {
      const bucket = newBucket();
      const sharing = Math.ceil(limit / SLOTS_PER_ROW) - 1;
      const passed: number[] = [];
      let at = 0;
      for (let hit = 0; hit < 150; hit++) {
        // Bursts and pauses of all lengths, reproducible.
        at += Math.floor(((hit * 7919) % 100) ** 2 * gap * 0.3);
        const inWindow = passed.filter((time) => time > at - 60_000).length;
        const isAllowed = await passes(bucket, new Date(now.getTime() + at), limit);
        if (isAllowed) expect(inWindow, `hit ${hit}`).toBeLessThan(limit);
        else expect(inWindow, `hit ${hit}`).toBeGreaterThanOrEqual(limit - sharing);
        if (isAllowed) passed.push(at);
      }
      expect(passed.length).toBeGreaterThan(limit);
    },
  );
});

describe("countHit, concurrently", () => {
  test("a hundred hits on five instances: exactly as many as the limit pass, each with a distinct count", async () => {
    const instances = Array.from({ length: 5 }, () => connect(database.url));
    for (const limit of [10, 70]) {
      const bucket = newBucket();
      const hits = await atOnce(100, async (index) => (await count(bucket, now, limit, instances[index % 5])).hits);
      const expected = Array.from({ length: 100 }, (_, index) => Math.min(index, limit) + 1);
      expect(hits.sort((a, b) => a - b)).toEqual(expected);
    }
    await Promise.all(instances.map((instance) => instance.destroy()));
  });

  test("a hundred hits with one left: exactly one passes", async () => {
    const bucket = newBucket();
    for (let hit = 0; hit < 9; hit++) await count(bucket, seconds(hit));
    const passed = await atOnce(100, () => passes(bucket, seconds(30)));
    expect(passed.filter(Boolean)).toHaveLength(1);
    const later = await atOnce(100, () => passes(bucket, seconds(60)));
    expect(later.filter(Boolean)).toHaveLength(1);
  });

  test("a flood of hits on one bucket does not delay another", async () => {
    const flooded = newBucket();
    const others = Array.from({ length: 8 }, newBucket);
    let settled = 0;
    const flood = atOnce(100, () => count(flooded).finally(() => (settled += 1)));
    await Promise.all(others.map((bucket) => count(bucket)));
    expect(settled).toBeLessThan(50);
    await flood;
  });

  test("hits of instances whose clocks differ are counted in one window", async () => {
    const bucket = newBucket();
    await count(bucket, seconds(2));
    expect((await count(bucket, now)).hits).toBe(2);
    expect((await count(bucket, seconds(1))).hits).toBe(3);
  });
});

describe("a fixed-window row written by an earlier version", () => {
  const rowFromBefore = async (hits: number, expiresAt: Date) => {
    const bucket = newBucket();
    await database.db.insertInto("rateLimits").values({ bucket, hits, expiresAt }).execute();
    return bucket;
  };

  test("counts until its window ends", async () => {
    const bucket = await rowFromBefore(9, seconds(40));
    expect(await count(bucket)).toEqual({ hits: 10, resetsAt: seconds(40) });
    expect(await count(bucket)).toEqual({ hits: 11, resetsAt: seconds(40) });
    expect((await count(bucket, seconds(40))).hits).toBe(2);
  });

  test("refuses a hit when it is full", async () => {
    const bucket = await rowFromBefore(4_000_000_000, seconds(40));
    expect(await count(bucket)).toEqual({ hits: 11, resetsAt: seconds(40) });
    expect(await count(bucket, seconds(39.9))).toEqual({ hits: 11, resetsAt: seconds(40.9) });
    expect((await count(bucket, seconds(40))).hits).toBe(1);
  });

  test("counts nothing after its window has ended", async () => {
    const bucket = await rowFromBefore(9, now);
    expect(await count(bucket)).toEqual({ hits: 1, resetsAt: seconds(60) });
  });
});

describe("decrementHits", () => {
  test("makes room for one hit, and never for more than were counted", async () => {
    const bucket = newBucket();
    await count(bucket);
    await count(bucket, seconds(1));
    await refund(bucket);
    expect((await count(bucket, seconds(1))).hits).toBe(2);
    await atOnce(5, () => refund(bucket, seconds(1)));
    expect(await rowOf(bucket)).toMatchObject({ hits: 0, recent: "" });
    expect(await count(bucket, seconds(2))).toEqual({ hits: 1, resetsAt: seconds(62) });
    await refund(newBucket());
  });

  test("ignores a refused hit and a hit that has left the window", async () => {
    const bucket = newBucket();
    await count(bucket, now, 1);
    await count(bucket, seconds(1), 1);
    await refund(bucket, seconds(1));
    expect(await passes(bucket, seconds(2), 1)).toBe(false);
    expect(await passes(bucket, seconds(60), 1)).toBe(true);
    await refund(bucket, now);
    expect(await passes(bucket, seconds(61), 1)).toBe(false);
  });

  test("decrements each bucket as often as it is named, and no other", async () => {
    const buckets = Array.from({ length: 20 }, newBucket);
    const [twice, once, untouched] = buckets as [string, string, string];
    for (let hit = 0; hit < 3; hit++) await Promise.all(buckets.map((bucket) => count(bucket)));
    const refunds = [...buckets.filter((bucket) => bucket !== untouched), twice];
    await decrementHits(
      database.db,
      refunds.map((bucket) => ({ bucket, countedAt: now })),
      now,
    );
    expect((await count(twice)).hits).toBe(2);
    expect((await count(once)).hits).toBe(3);
    expect((await count(untouched)).hits).toBe(4);
    await decrementHits(database.db, [], now);
  });

  test("batches from two instances and concurrent hits on the same buckets lose nothing and meet no deadlock", async () => {
    const other = connect(database.url);
    const buckets = Array.from({ length: 20 }, newBucket);
    const all = buckets.map((bucket) => ({ bucket, countedAt: now }));
    const [limit, second] = [10, seconds(1)];
    for (let hit = 0; hit < 6; hit++) await Promise.all(buckets.map((bucket) => count(bucket, now, limit)));
    await atOnce(9, async (index) => {
      if (index % 3 !== 0) await Promise.all(buckets.map((bucket) => count(bucket, second, limit)));
      else if (index % 2 === 0) await decrementHits(database.db, all, now);
      else await decrementHits(other, all.toReversed(), now);
    });
    for (const bucket of buckets) {
      const { recent } = await rowOf(bucket);
      const times = recent.match(/\d{13}(?=x0000001)/g)!.map(Number);
      expect(times.filter((time) => time === now.getTime())).toHaveLength(3);
      const admitted = times.filter((time) => time === second.getTime()).length;
      expect(admitted).toBeGreaterThanOrEqual(4);
      expect(admitted).toBeLessThanOrEqual(6);
      expect(recent).toHaveLength(21 * (3 + admitted));
    }
    await other.destroy();
  });
});

test("clearHits: a cleared bucket allows the full limit again", async () => {
  const bucket = newBucket();
  for (let hit = 0; hit < 12; hit++) await count(bucket);
  await clearHits(database.db, bucket, now);
  expect((await count(bucket)).hits).toBe(1);
});

test("countHit: windows of days and millions of hits fit in one integer", async () => {
  const { db } = database;
  const bucket = newBucket();
  const limit = { hitsAtMost: 10_000_000, windowSeconds: 7 * 86_400, now };
  await countHit(db, bucket, limit);
  await db
    .updateTable("rateLimits")
    .set({ recent: `${now.getTime()}x9999998` })
    .where("bucket", "=", bucket)
    .execute();
  expect(await countHit(db, bucket, limit)).toEqual({ hits: 9_999_999, resetsAt: seconds(limit.windowSeconds) });
});

test("purgeExpiredLimits: deletes only expired buckets, one batch at a time", async () => {
  const { db } = database;
  await purgeExpiredLimits(db, seconds(1e6), 10_000);
  const kept = newBucket();
  await atOnce(7, () => count(newBucket()));
  await count(kept);
  await count(kept, seconds(30));
  expect(await purgeExpiredLimits(db, seconds(60), 5)).toBe(5);
  expect(await purgeExpiredLimits(db, seconds(60), 5)).toBe(2);
  expect(await purgeExpiredLimits(db, seconds(60), 5)).toBe(0);
  expect((await count(kept, seconds(60))).hits).toBe(2);
});
