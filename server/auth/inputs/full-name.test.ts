import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fullName, normalizeFullName } from "./full-name";

const complaint = (name: unknown) => fullName.safeParse(name).error?.issues.map((issue) => issue.message);

describe("a full name", () => {
  test.each([
    ["Ada Lovelace", "Ada Lovelace"],
    ["  Ada \t\n Lovelace\u00a0", "Ada Lovelace"],
    ["Zoe\u0308", "Zoë"],
    ["李", "李"],
    ["Ngô Đình Diệm", "Ngô Đình Diệm"],
    ["علي‌رضا", "علي‌رضا"],
    ["👩‍💻 Ada ❤️", "👩‍💻 Ada ❤️"],
    ["🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
    ["<b>Bobby</b>'; DROP TABLE users;--", "<b>Bobby</b>'; DROP TABLE users;--"],
    ["😀".repeat(100), "😀".repeat(100)],
    ["e\u0301".repeat(100), "é".repeat(100)],
  ])("%j is stored as %j", (sent, kept) => {
    expect(fullName.parse(sent)).toBe(kept);
  });

  test.each(
    [
      [undefined, null, 7, true, {}, ["Ada"], "", "   ", "\n", "\u00a0\u3000"],
      ["\u200b", "\ufeff", "\u2060", "\u3164", "\u115f", "\ufe0f", "\u0301", "\u200d\u200d", "\ue000"],
    ].flat(),
  )("is asked for: %j", (name) => {
    expect(complaint(name)).toEqual(["Enter your name."]);
  });

  test.each(["Ada\0", "Ada\u0007", "\u001b[31mAda", "Ada\u007f", "Ada\u009b", "Ada\ud83d", "\ude00Ada"])(
    "is rejected with control characters or lone surrogates: %j",
    (name) => {
      expect(complaint(name)).toEqual(["That name contains characters we cannot show."]);
    },
  );

  test.each(["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"])(
    "is rejected with a bidirectional control: %j",
    (mark) => {
      expect(complaint(`Ada${mark}Lovelace`)).toEqual(["That name contains characters we cannot show."]);
    },
  );

  test.each([
    "x".repeat(101),
    "😀".repeat(101),
    `A${"\u0316".repeat(100)}`,
    "x".repeat(1_000_000),
    " ".repeat(1_000_000),
  ])("has at most 100 characters", (name) => {
    expect(complaint(name)).toEqual(["Use at most 100 characters."]);
  });

  test("has an idempotent normalization for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        const normalized = normalizeFullName(text);
        expect(normalizeFullName(normalized)).toBe(normalized);
        expect(normalized).not.toMatch(/^\s|\s$|\s\s/);
        expect(() => fullName.safeParse(text)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
