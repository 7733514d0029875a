import fc from "fast-check";
import { toASCII } from "tr46";
import { describe, expect, test } from "vitest";
import { emailAddress, loginEmailAddress } from "./email-address";

const problem = (email: unknown) => emailAddress.safeParse(email).error?.issues.map((issue) => issue.message);

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
  ])("%j is stored as %j", (sent, kept) => {
    expect(emailAddress.parse(sent)).toBe(kept);
  });

  test("differs from one with accents, whatever the collation", () => {
    expect(emailAddress.parse("ádmin@example.com")).not.toBe(emailAddress.parse("admin@example.com"));
  });

  test.each([undefined, null, 7, true, {}, { $ne: "" }, ["ada@example.com"], "", "   ", "\n\t"])(
    "is required, and %j is none",
    (email) => {
      expect(problem(email)).toEqual(["Enter your email address."]);
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
  ])("is rejected as invalid: %j", (email) => {
    expect(problem(email)).toEqual(["Enter an email address like name@example.com."]);
  });

  test.each([
    ["255 octets", `${"a".repeat(243)}@example.com`],
    ["fewer characters, but 256 octets", `${"é".repeat(122)}@example.com`],
    ["few characters that normalization expands", `${"㌀".repeat(40)}@example.com`],
    ["a megabyte", `${"a".repeat(1_000_000)}@example.com`],
    ["a megabyte of blanks", " ".repeat(1_000_000)],
  ])("has at most 254 octets: %s", (_, email) => {
    expect(problem(email)).toEqual(["That email address is too long."]);
  });

  const MUNICH = "p@münchen.example";
  test.each([
    ["A-label", MUNICH, "p@xn--mnchen-3ya.example"],
    ["A-label in capitals", MUNICH, "P@XN--MNCHEN-3YA.EXAMPLE"],
    ["capitals", MUNICH, "p@MÜNCHEN.Example"],
    ["decomposed", MUNICH, "p@mu\u0308nchen.example"],
    ["full width", MUNICH, "ｐ＠ｍünchen．example"],
    ["ideographic full stop", MUNICH, "p@münchen。example"],
    ["half-width ideographic full stop", MUNICH, "p@münchen｡example"],
    ["soft hyphen", MUNICH, "p@mün\u00adchen.example"],
    ["zero width space", MUNICH, "p@mün\u200bchen.example"],
    ["variation selector", MUNICH, "p@mün\ufe0fchen.example"],
    ["A-label below a U-label", "p@bücher.münchen.example", "p@bücher.xn--mnchen-3ya.example"],
    ["sharp s, which is not ss", "p@faß.example", "p@xn--fa-hia.example"],
    ["capital sharp s", "p@faß.example", "p@FAẞ.example"],
    ["final sigma, which is not sigma", "p@οδος.example", "p@xn--pxavbm.example"],
    ["capital sigma", "p@οδοσ.example", "p@ΟΔΟΣ.example"],
    ["dotted capital I", "p@i\u0307.example", "p@İ.example"],
    ["dotless i", "p@ı.example", "p@xn--cfa.example"],
    ["Kelvin sign", "p@k.example", "p@\u212a.example"],
    ["ligature", "p@ffi.example", "p@ﬃ.example"],
    ["joiner where the script needs it", "p@نامه\u200cای.example", "p@xn--mgba3gch31f060k.example"],
    ["right to left", "p@אב1.example", "p@xn--1-zhcd.example"],
    ["hyphens in the third and fourth place", "p@r3---sn.example", "p@R3---sn.example"],
    ["an emoji", "p@☕.example", "p@xn--53h.example"],
  ])("is stored with its domain in one form: %s", (_, stored, sent) => {
    expect(emailAddress.parse(sent)).toBe(stored);
    expect(emailAddress.parse(stored)).toBe(stored);
    expect(loginEmailAddress.parse(sent).email).toBe(stored);
  });

  test.each([
    ["punycode that decodes to nothing", "p@xn--.example"],
    ["punycode that decodes to ASCII", "p@xn--abc-.example"],
    ["punycode that is not valid", "p@xn--a.example"],
    ["punycode of an A-label", "p@xn--xn--mnchen-3ya-.example"],
    ["punycode of capitals", "p@xn--mnchen-psa.example"],
    ["punycode of a decomposed letter", "p@xn--munchen-gie.example"],
    ["punycode of an ignored character", "p@xn--ab-5da.example"],
    ["punycode of a full stop", "p@xn--ab-r13a.example"],
    ["A-label that is not ASCII", "p@xn--münchen.example"],
    ["combining mark first", "p@\u0308a.example"],
    ["no-break joiner out of place", "p@a\u200cb.example"],
    ["joiner out of place", "p@a\u200db.example"],
    ["mixed directions", "p@אa.example"],
    ["Arabic digit first", "p@٠a.example"],
    ["direction mark", "p@a\u200eb.example"],
    ["direction override", "p@a\u202eb.example"],
    ["unassigned", "p@a\u0378b.example"],
    ["private use", "p@a\ue000b.example"],
    ["lone surrogate", "p@a\ud800b.example"],
    ["control character", "p@a\u0001b.example"],
    ["underscore", "p@a_b.example"],
    ["slash made by a compatibility character", "p@℀.example"],
    ["other ASCII", "p@a!b.example"],
    ["hyphen first", "p@-a.example"],
    ["hyphen last", "p@a-.example"],
    ["hyphen first in a U-label", "p@-ü.example"],
    ["label of 64", `p@${"a".repeat(64)}.example`],
    ["U-label whose A-label has 64", `p@${"ü".repeat(58)}.example`],
    ["domain of 254", `p@${"a.".repeat(123)}example1`],
    ["empty label made by an ideographic full stop", "p@a。。example"],
    ["ideographic full stop last", "p@a.example。"],
    ["IPv4 address", "p@127.0.0.1"],
    ["IPv4 address in full width", "p@１２７．０．０．１"],
    ["IPv4 address in another base", "p@0x7f.1"],
    ["IPv4 address as one number", "p@2130706433"],
    ["address literal", "p@[127.0.0.1]"],
    ["IPv6 literal", "p@[IPv6:::1]"],
    ["port", "p@example.com:25"],
  ])("is rejected if its domain cannot be mapped: %s", (_, email) => {
    expect(problem(email)).toEqual(["That email address has no valid domain name after the @."]);
    expect(loginEmailAddress.safeParse(email).error?.issues.map(({ message }) => message)).toEqual(problem(email));
  });

  test("is measured with the longer of its domain's two forms", () => {
    const domain = `${"ü".repeat(50)}.${"ü".repeat(50)}`;
    expect(emailAddress.parse(`${"a".repeat(254 - 1 - 201)}@${domain}`)).toContain(domain);
    expect(problem(`${"a".repeat(254 - 201)}@${domain}`)).toEqual(["That email address is too long."]);
    const shorterInUnicode = `${"xn--mnchen-3ya.".repeat(13)}example`;
    expect(problem(`${"a".repeat(254 - shorterInUnicode.length)}@${shorterInUnicode}`)).toEqual([
      "That email address is too long.",
    ]);
    expect(emailAddress.parse(`${"a".repeat(253 - shorterInUnicode.length)}@${shorterInUnicode}`)).toMatch(/münchen/);
  });

  test("is looked up by its legacy normalization, too", () => {
    expect(loginEmailAddress.parse(" P@XN--MNCHEN-3YA.example")).toEqual({
      email: MUNICH,
      legacyEmail: "p@xn--mnchen-3ya.example",
    });
    expect(loginEmailAddress.parse("Ada@Example.com")).toEqual({
      email: "ada@example.com",
      legacyEmail: "ada@example.com",
    });
  });

  // The UTS 46 tables may be of a newer Unicode version than Node's, which then cannot normalize the character reliably.
  test("is rejected if its domain has a character that this version of Node does not know", () => {
    const stored: string[] = [];
    for (let code = 0x80; code <= 0x323af; code += 1) {
      const character = String.fromCodePoint(code);
      if (!/\p{Cn}/u.test(character)) continue;
      const { data } = emailAddress.safeParse(`p@a${character}.example`);
      if (data !== undefined && /\p{Cn}/u.test(data)) stored.push(code.toString(16));
    }
    expect(stored).toEqual([]);
  }, 60_000);

  test("has an idempotent normalization for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        for (const email of [text, `${text}@Example.com`, `p@${text}`, `p@${text}.example`, `p@xn--${text}.example`]) {
          const parsed = emailAddress.safeParse(email);
          if (!parsed.success) continue;
          expect(emailAddress.parse(parsed.data)).toBe(parsed.data);
          expect(emailAddress.parse(withAsciiDomain(parsed.data))).toBe(parsed.data);
        }
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  test("has an idempotent normalization for every character with a decomposition or a case", () => {
    const restless: string[] = [];
    for (let code = 0; code <= 0x2fa1f; code += 1) {
      const character = String.fromCodePoint(code);
      if (
        [character.normalize("NFKC"), character.toLowerCase(), character.toUpperCase()].every((it) => it === character)
      )
        continue;
      for (const email of [`a${character}\u0301@b.c`, `a@a${character}\u0301.c`, `a@${character}.c`]) {
        const parsed = emailAddress.safeParse(email);
        if (parsed.success && emailAddress.safeParse(parsed.data).data !== parsed.data)
          restless.push(code.toString(16));
      }
    }
    expect(restless).toEqual([]);
  }, 60_000);
});

function withAsciiDomain(email: string): string {
  const at = email.indexOf("@") + 1;
  return email.slice(0, at) + toASCII(email.slice(at));
}
