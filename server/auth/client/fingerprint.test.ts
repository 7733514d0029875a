import { createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprint, fingerprintMatches } from "./fingerprint";

const KEY = randomBytes(32);
const BOTH = { ip: true, agent: true };
const CLIENT = { address: "203.0.113.7", browser: "Chrome", os: "Windows" };

describe("a fingerprint", () => {
  test.each([
    ["another address", { ...CLIENT, address: "203.0.113.8" }],
    ["another browser", { ...CLIENT, browser: "Firefox" }],
    ["another system", { ...CLIENT, os: "Linux" }],
    ["the same characters, split elsewhere", { ...CLIENT, browser: "ChromeWin", os: "dows" }],
    ["names with JSON punctuation", { ...CLIENT, browser: 'Chrome","Windows', os: "" }],
  ])("differs for %s", (_, other) => {
    expect(fingerprint(KEY, other, BOTH)).not.toBe(fingerprint(KEY, CLIENT, BOTH));
  });

  test("differs under another key", () => {
    expect(fingerprint(randomBytes(32), CLIENT, BOTH)).not.toBe(fingerprint(KEY, CLIENT, BOTH));
  });

  test("differs by the parts included, so that a token of a looser setting fails a stricter one", () => {
    const settings = [BOTH, { ip: true, agent: false }, { ip: false, agent: true }, { ip: false, agent: false }];
    expect(new Set(settings.map((considered) => fingerprint(KEY, CLIENT, considered))).size).toBe(4);
  });

  test("does not depend on parts that are not included", () => {
    const moved = { ...CLIENT, address: "198.51.100.1" };
    const renamed = { ...CLIENT, browser: "Firefox" };
    expect(fingerprint(KEY, moved, { ip: false, agent: true })).toBe(
      fingerprint(KEY, CLIENT, { ip: false, agent: true }),
    );
    expect(fingerprint(KEY, renamed, { ip: true, agent: false })).toBe(
      fingerprint(KEY, CLIENT, { ip: true, agent: false }),
    );
  });

  test.each([
    ["Android", "Linux"],
    ["iOS", "macOS"],
  ])("is the same in the tabs of one device on %s that request the desktop site", (os, posingAs) => {
    expect(fingerprint(KEY, { ...CLIENT, os }, BOTH)).toBe(fingerprint(KEY, { ...CLIENT, os: posingAs }, BOTH));
  });

  test("is the same within an IPv6 /64, and differs in the next", () => {
    const at = (address: string) => fingerprint(KEY, { ...CLIENT, address }, BOTH);
    expect(at("2001:db8:0:1::1")).toBe(at("2001:db8:0:1:aaaa:bbbb:cccc:dddd"));
    expect(at("2001:db8:0:1::1")).not.toBe(at("2001:db8:0:2::1"));
  });

  test("has 128 bits in 22 base64url characters, from bytes or a key object", () => {
    expect(fingerprint(KEY, CLIENT, BOTH)).toMatch(/^[\w-]{22}$/);
    expect(fingerprint(createSecretKey(KEY), CLIENT, BOTH)).toBe(fingerprint(KEY, CLIENT, BOTH));
  });

  test("matches itself and nothing else, and never throws on any claim of a token", () => {
    const own = fingerprint(KEY, CLIENT, BOTH);
    expect(fingerprintMatches(own, own)).toBe(true);
    for (const other of ["", own.slice(1), `${own}A`, own.toLowerCase(), "é".repeat(11)]) {
      expect(fingerprintMatches(other, own)).toBe(false);
    }
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (claimed) => {
        expect(fingerprintMatches(claimed, own)).toBe(false);
      }),
    );
  });
});
