import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emailAddress, normalizeEmail } from "./email-address";

const complaint = (email: unknown) => emailAddress.safeParse(email).error?.issues.map((issue) => issue.message);

describe("an email address", () => {
  test.each([
    ["ada@example.com", "ada@example.com"],
    ["  Ada@Example.COM\n", "ada@example.com"],
    ["ADA+Notes@sub.example.com", "ada+notes@sub.example.com"],
    ["ＡＤＡ＠example．com", "ada@example.com"],
    ["a\u0301da@example.com", "áda@example.com"],
    ["\u212bngstro\u0308m@example.com", "ångström@example.com"],
    ["ﬁona@example.com", "fiona@example.com"],
    ["用户@例子.广告", "用户@例子.广告"],
    ["ОЛЯ@пример.рф", "оля@пример.рф"],
    ["😀@example.com", "😀@example.com"],
    ["o'neil@example.com", "o'neil@example.com"],
    ["root@localhost", "root@localhost"],
    [`${"a".repeat(242)}@example.com`, `${"a".repeat(242)}@example.com`],
  ])("%j is kept as %j", (sent, kept) => {
    expect(emailAddress.parse(sent)).toBe(kept);
  });

  test("differs from the same letters with accents: the collation does not decide", () => {
    expect(emailAddress.parse("ádmin@example.com")).not.toBe(emailAddress.parse("admin@example.com"));
  });

  test.each([undefined, null, 7, true, {}, { $ne: "" }, ["ada@example.com"], "", "   ", "\n\t"])(
    "is asked for: %j",
    (email) => {
      expect(complaint(email)).toEqual(["Enter your email address."]);
    },
  );

  test.each([
    "ada",
    "@",
    "ada@",
    "@example.com",
    "ada@@example.com",
    "ada@b@example.com",
    "ada@example.com＠evil.example",
    '"a@b"@example.com',
    "ada@.com",
    "ada@example..com",
    "ada@example.com.",
    "ada lovelace@example.com",
    "ada@exam ple.com",
    "ada\u00a0l@example.com",
    "ada\u3000l@example.com",
    "\u00a8ada@example.com",
    "ada\r\nbcc:eve@example.com",
    "ada\0@example.com",
    "ada\u007f@example.com",
    "ada\u0085@example.com",
    "ada\u202egro.live@example.com",
    "ada\u2066@example.com",
    "ada\u200f@example.com",
    "ada\u200b@example.com",
    "ada\u200d@example.com",
    "ada\u00ad@example.com",
    "ada\ufe0f@example.com",
    "ada\u3164@example.com",
    "ada\u034f@example.com",
    "ada\u{e0041}@example.com",
    "ada\ue000@example.com",
    "ada\u0378@example.com",
    "ada\ud800@example.com",
  ])("is not %j", (email) => {
    expect(complaint(email)).toEqual(["Enter an email address like name@example.com."]);
  });

  test.each([
    ["255 octets", `${"a".repeat(243)}@example.com`],
    ["fewer characters, but 256 octets", `${"é".repeat(122)}@example.com`],
    ["few characters until they are normalised", `${"㌀".repeat(40)}@example.com`],
    ["a megabyte", `${"a".repeat(1_000_000)}@example.com`],
    ["a megabyte of blanks", " ".repeat(1_000_000)],
  ])("has 254 octets at most: %s", (_, email) => {
    expect(complaint(email)).toEqual(["That email address is too long."]);
  });

  test("is normalised once and for all, whatever it is made of", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        const normalized = normalizeEmail(text);
        if (emailAddress.safeParse(text).success) expect(normalizeEmail(normalized)).toBe(normalized);
        const parsed = emailAddress.safeParse(`${text}@Example.com`);
        if (parsed.success) expect(emailAddress.parse(parsed.data)).toBe(parsed.data);
      }),
      { numRuns: 500 },
    );
  });

  test("is normalised once and for all for every character that has a decomposition or a case", () => {
    const restless: string[] = [];
    for (let code = 0; code <= 0x2fa1f; code += 1) {
      const parsed = emailAddress.safeParse(`a${String.fromCodePoint(code)}\u0301@example.com`);
      if (parsed.success && normalizeEmail(parsed.data) !== parsed.data) restless.push(code.toString(16));
    }
    expect(restless).toEqual([]);
  });
});
