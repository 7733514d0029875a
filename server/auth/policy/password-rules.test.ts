import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  judgePasswordForm,
  normalizePassword,
  PASSWORD_MAX_SENT_LENGTH,
  personalWords,
  scorePassword,
} from "./password-rules";

describe("the form of a password", () => {
  test.each([
    ["malformed", "lone high surrogate", "correct horse \ud83d"],
    ["malformed", "lone low surrogate", "\udd10 correct horse"],
    ["malformed", "surrogates the wrong way round", "correct \udd10\ud83d horse"],
    ["malformed", "a broken one that is also too long", "\ud800".repeat(5000)],
    ["short", "empty", ""],
    ["short", "nine letters", "ninechars"],
    ["short", "five emoji, which are ten UTF-16 units", "😀".repeat(5)],
    ["short", "nine letters with their accents apart", "e\u0301".repeat(9)],
    ["long", "129 letters", "x".repeat(129)],
    ["long", "129 emoji", "😀".repeat(129)],
    ["long", "one ligature that stands for 18 letters, eight times", "\ufdfa".repeat(8)],
    ["long", "a megabyte", "x".repeat(1_000_000)],
    ["long", "accents without end", `correct horse${"\u0301".repeat(PASSWORD_MAX_SENT_LENGTH)}`],
  ])("is bad: %s (%s)", (reason, _, password) => {
    expect(judgePasswordForm(password, 10)).toEqual({ kind: "bad", reason });
  });

  test.each([
    ["ten letters", "tenletters"],
    ["ten digits", "0123456789"],
    ["ten blanks", " ".repeat(10)],
    ["control characters", "\0\t\r\n\u0007\u001b\u007f\u0080\u0085\u009f"],
    ["ten emoji", "😀".repeat(10)],
    ["128 emoji", "😀".repeat(128)],
    ["128 letters with their accents apart", "e\u0301".repeat(128)],
    ["a sentence in another script", "わたしのながいあいことば"],
  ])("is good: %s", (_, password) => {
    expect(judgePasswordForm(password, 10)).toEqual({ kind: "good" });
  });

  test("is judged without a throw for any text, and alike before and after normalisation", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (password) => {
        const normalized = normalizePassword(password);
        expect(normalizePassword(normalized)).toBe(normalized);
        expect(judgePasswordForm(normalized, 10)).toEqual(judgePasswordForm(password, 10));
      }),
    );
  });
});

describe("personal words", () => {
  test("are name and email, whole, joined and in parts", () => {
    const words = personalWords({
      email: "Ada.K.Lovelace+test@Analytical-Engines.example",
      fullName: "Ada  King-Lovelace",
    });
    for (const word of ["ada", "king", "lovelace", "adakinglovelace", "ada.k.lovelace+test", "analytical", "engines"]) {
      expect(words).toContain(word);
    }
    expect(words).toContain("ada.k.lovelace+test@analytical-engines.example");
    expect(words).not.toContain("k");
  });

  test("include other scripts, and no word of fewer than three characters", () => {
    expect(personalWords({ email: "дарья@пример.рф", fullName: "Дарья Ильинична" })).toEqual(
      expect.arrayContaining(["дарья", "пример", "ильинична", "дарьяильинична"]),
    );
    expect(personalWords({ email: "", fullName: "  Al " })).toEqual([]);
    expect(personalWords({ email: "@", fullName: "@@@" }).filter((word) => word.length < 3)).toEqual([]);
    expect(personalWords({ email: "", fullName: "" })).toEqual([]);
  });
});

test.each([
  [0, 0],
  [999, 0],
  [1e3, 1],
  [1e6, 2],
  [1.0000001e8, 2],
  [999_999_999, 2],
  [1e9, 3],
  [1e10 + 1, 3],
  [1e11, 4],
  [Infinity, 4],
  [NaN, 0],
])("%d guesses score %d", (guesses, score) => {
  expect(scorePassword(guesses)).toBe(score);
});
