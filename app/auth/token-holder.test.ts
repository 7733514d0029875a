import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTokenHolder } from "./token-holder";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"], now: new Date("2026-11-30T12:00:00Z") }));
afterEach(() => void vi.useRealTimers());

/** An unsigned token with a life in seconds, issued by a server whose clock is an hour ahead. */
function tokenOf(seconds: number, jti: string): string {
  const iat = Date.parse("2026-11-30T13:00:00Z") / 1000;
  const payload = Buffer.from(JSON.stringify({ iat, exp: iat + seconds, jti, name: "ÿþ~" })).toString("base64url");
  return `header.${payload}.signature`;
}

/** A holder, and the audiences that it has requested tokens for. */
function holderOf(seconds = 600) {
  const requested: (string | undefined)[] = [];
  const holder = createTokenHolder(async (audience) => {
    requested.push(audience);
    return tokenOf(seconds, `${audience} ${requested.length}`);
  });
  return { ...holder, requested };
}

describe("bearer tokens of a page", () => {
  test("twenty parallel calls share one request, and later calls get the same token", async () => {
    const { get, requested } = holderOf();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => get()));
    expect(new Set([...tokens, await get()]).size).toBe(1);
    expect(requested).toEqual([undefined]);
  });

  test("each audience has its own", async () => {
    const { get, requested } = holderOf();
    const [own, billing] = await Promise.all([get(), get("https://billing.test"), get("https://billing.test")]);
    expect(own).not.toBe(billing);
    expect(requested).toEqual([undefined, "https://billing.test"]);
  });

  test.each([
    [600, 539, 540],
    [900, 839, 840],
    [60, 29, 30],
    [10, 4, 5],
  ])("one of %i s is kept for %i s and renewed after %i s, by one request", async (life, kept, renewed) => {
    const { get, requested } = holderOf(life);
    const first = await get();
    vi.advanceTimersByTime(kept * 1000);
    expect(await get()).toBe(first);
    vi.advanceTimersByTime((renewed - kept) * 1000);
    const again = await Promise.all(Array.from({ length: 20 }, () => get()));
    expect(new Set(again).size).toBe(1);
    expect(again[0]).not.toBe(first);
    expect(requested).toHaveLength(2);
  });

  test("one is renewed after a suspension, which only the wall clock shows, and after that clock was set back", async () => {
    for (const jump of [3600, -3600]) {
      const { get } = holderOf();
      const first = await get();
      vi.setSystemTime(Date.now() + jump * 1000);
      expect(await get()).not.toBe(first);
    }
  });

  test("one without a life is returned, and not requested without end", async () => {
    const { get, requested } = holderOf(0);
    await get();
    await get();
    expect(requested).toHaveLength(2);
  });

  test("a failed request fails all calls that share it, and the next call asks again", async () => {
    let fails = true;
    const { get } = createTokenHolder(async () => {
      if (fails) throw new Error("down");
      return tokenOf(600, "1");
    });
    const results = await Promise.allSettled([get(), get(), get()]);
    expect(results.map(({ status }) => status)).toEqual(Array(3).fill("rejected"));
    fails = false;
    expect(await get()).toBe(tokenOf(600, "1"));
  });

  test("all are forgotten when the account changes, also one that is still on its way", async () => {
    const { get, clear, requested } = holderOf();
    const first = await get();
    clear();
    const second = get();
    clear();
    const third = await get();
    expect(new Set([first, await second, third]).size).toBe(3);
    expect(await get()).toBe(third);
    expect(requested).toHaveLength(3);
  });
});
