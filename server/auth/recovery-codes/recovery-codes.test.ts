import "@/server/runtime/testing-env";
import { describe, expect, test } from "vitest";
import { passwordMatches } from "@/server/auth/passwords/password";
import { newRecoveryCodes, parseRecoveryCode } from "./recovery-codes";

describe("a new set of recovery codes", () => {
  test("has ten numbered codes of 80 bits, of which only hashes are stored", async () => {
    const { codes, rows } = await newRecoveryCodes();
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const [index, code] of codes.entries()) {
      expect(code).toMatch(new RegExp(`^${index + 1}(-[0-9A-HJKMNP-TV-Z]{4}){4}$`));
      const { number, text } = parseRecoveryCode(code)!;
      const { codeHash } = rows[index]!;
      expect(number).toBe(rows[index]!.number);
      expect(codeHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      expect(codeHash).not.toContain(text);
      expect(await passwordMatches(codeHash, text)).toBe(true);
      expect(await passwordMatches(rows[(index + 1) % 10]!.codeHash, text)).toBe(false);
    }
    expect(new Set(codes.map((code) => code.slice(-19))).size).toBe(10);
  });
});

describe("a typed recovery code", () => {
  const code = { number: 3, text: "A0CD1FGH1KMNPQRS" };

  test.each([
    "3-A0CD-1FGH-1KMN-PQRS",
    "3a0cd1fgh1kmnpqrs",
    "  3 a0cd 1fgh 1kmn pqrs ",
    "3-AOCD-IFGH-LKMN-PQRS",
    "3–A0CD—1FGH−1KMN‐PQRS",
    "３－Ａ０ＣＤ－１ＦＧＨ－１ＫＭＮ－ＰＱＲＳ",
  ])("is read as it was meant: %s", (typed) => {
    expect(parseRecoveryCode(typed)).toEqual(code);
  });

  test("may have the number ten, also with letters for its digits", () => {
    expect(parseRecoveryCode("10-A0CD-1FGH-1KMN-PQRS")).toEqual({ ...code, number: 10 });
    expect(parseRecoveryCode("lO-A0CD-1FGH-1KMN-PQRS")).toEqual({ ...code, number: 10 });
  });

  test.each([
    "",
    "123456",
    "A0CD-1FGH-1KMN-PQRS",
    "0-A0CD-1FGH-1KMN-PQRS",
    "11-A0CD-1FGH-1KMN-PQRS",
    "03-A0CD-1FGH-1KMN-PQRS",
    "3-A0CD-1FGH-1KMN-PQR",
    "3-A0CD-1FGH-1KMN-PQRS-T",
    "3-U0CD-1FGH-1KMN-PQRS",
    "3-A0CD-1FGH-1KMN-PQR\ud800",
    "3-A0CD-1FGH-1KMN-PQR\u0000",
    "٣-A0CD-1FGH-1KMN-PQRS",
  ])("is refused unless it has a number and sixteen letters: %j", (typed) => {
    expect(parseRecoveryCode(typed)).toBeNull();
  });
});
