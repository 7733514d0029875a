import { describe, expect, test } from "vitest";
import { judgeKeyRotation, judgeKeys, type KeyTimes } from "./bearer-key-timeline";

const T0 = new Date("2026-11-30T12:00:00Z");
const at = (seconds: number) => new Date(T0.getTime() + seconds * 1000);
const MINUTE = 60;

/** A key by the seconds after T0 at which it signs and was compromised. */
const key = (sequence: number, signsFrom: number, compromisedAt: number | null = null): KeyTimes => ({
  sequence,
  signsFrom: at(signsFrom),
  compromisedAt: compromisedAt === null ? null : at(compromisedAt),
});
const phases = (keys: KeyTimes[], seconds: number) => judgeKeys(keys, at(seconds)).map(({ phase }) => phase);

/** The first key of an installation, and one that was published ten hours later. */
const ROTATION = [key(1, 0), key(2, 36_000 + 15 * MINUTE)];

describe("signing keys", () => {
  test.each([
    ["the first key signs at once", [key(1, 0)], 0, ["signing"]],
    ["a single key signs for years", [key(1, 0)], 4 * 365 * 86_400, ["signing"]],
    ["a new key waits while the former one signs", ROTATION, 36_000, ["signing", "waiting"]],
    [
      "a new key still waits a millisecond before its time",
      ROTATION,
      36_000 + 15 * MINUTE - 0.001,
      ["signing", "waiting"],
    ],
    ["a new key signs after 15 minutes", ROTATION, 36_000 + 15 * MINUTE, ["retired", "signing"]],
    [
      "the former key is published for its last token of 15 minutes and one more",
      ROTATION,
      36_000 + 31 * MINUTE - 0.001,
      ["retired", "signing"],
    ],
    ["the former key is dropped after that", ROTATION, 36_000 + 31 * MINUTE, ["dropped", "signing"]],
    ["a compromised key is dropped at once", [key(1, 0, 60), key(2, 60)], 60, ["dropped", "signing"]],
    [
      "the key that waits is dropped too if all are compromised",
      [key(1, 0, 60), key(2, 900, 60), key(3, 60)],
      60,
      ["dropped", "dropped", "signing"],
    ],
    [
      "a key that was compromised before it signed replaces none",
      [key(1, 0), key(2, 900, 60)],
      3600,
      ["signing", "dropped"],
    ],
    [
      "a key dropped long before is not accepted again when it is marked as compromised",
      [key(1, 0, 9000), key(2, 900)],
      8000,
      ["dropped", "signing"],
    ],
    ["no key, no phase", [], 0, []],
  ])("signing keys: %s", (_, keys, seconds, expected) => {
    expect(phases(keys, seconds)).toEqual(expected);
  });

  test("signing keys: at every second of a rotation exactly one signs, and a token is accepted until it expires", () => {
    let before = -1;
    for (let second = 36_000 - 10; second < 36_000 + 40 * MINUTE; second++) {
      const judged = judgeKeys(ROTATION, at(second));
      const signing = judged.filter(({ phase }) => phase === "signing");
      expect(signing, `second ${second}`).toHaveLength(1);
      const { sequence } = signing[0]!.key;
      expect(sequence).toBeGreaterThanOrEqual(before);
      before = sequence;
      const atExpiry = judgeKeys(ROTATION, at(second + 15 * MINUTE)).find(({ key: one }) => one.sequence === sequence);
      expect(atExpiry?.phase, `second ${second}`).not.toBe("dropped");
    }
  });

  test.each([
    ["of the first key", [key(1, 0)], 0, { kind: "allowed", sequence: 2 }],
    ["of none, as in an empty table", [], 0, { kind: "allowed", sequence: 1 }],
    ["while a new key waits", ROTATION, 36_000, { kind: "in progress", until: at(36_000 + 31 * MINUTE) }],
    [
      "while the former key is published",
      ROTATION,
      36_000 + 20 * MINUTE,
      { kind: "in progress", until: at(36_000 + 31 * MINUTE) },
    ],
    ["after the former key was dropped", ROTATION, 36_000 + 31 * MINUTE, { kind: "allowed", sequence: 3 }],
    ["after all keys were compromised", [key(1, 0, 60), key(2, 60)], 61, { kind: "allowed", sequence: 3 }],
  ])("signing keys: a rotation %s is judged", (_, keys, seconds, expected) => {
    expect(judgeKeyRotation(keys, at(seconds))).toEqual(expected);
  });
});
