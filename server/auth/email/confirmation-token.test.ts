import "@/server/runtime/testing-env";
import { createHmac, randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { anotherInstance } from "@/server/auth/testing";
import { PURPOSES } from "@/server/auth/policy/confirmations";
import { confirmationIdIn, isCodeOf, isTokenOf, mintConfirmation, newSalt } from "./confirmation-token";

const ROW = { id: "0193500e-5a11-7e10-8000-000000000001", purpose: "reset-password", salt: newSalt() };
const { token, code } = mintConfirmation(ROW);

/** A process with these secrets. */
const processWith = (changes: Record<string, string>) => anotherInstance(() => import("./confirmation-token"), changes);
const NEWER_SECRET = "a newer session secret of the tests, long enough";

test("a token has 64 characters and contains the id of its row and 256 bits more", () => {
  expect(token).toMatch(/^[\w-]{64}$/);
  expect(confirmationIdIn(token)).toBe(ROW.id);
  expect(isTokenOf(token, ROW)).toBe(true);
  expect(mintConfirmation({ ...ROW })).toEqual({ token, code });
});

test("a code is eight characters of an alphabet without I, L, O and U, each equally often", () => {
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  const counts = new Map<string, number>();
  for (let index = 0; index < 4000; index++) {
    const { code } = mintConfirmation({ ...ROW, salt: newSalt() });
    for (const character of code.replace("-", "")) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  expect(counts.size).toBe(32);
  // 1000 are expected of each; six standard deviations.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(190);
});

describe("a code is accepted as people type it", () => {
  const spellings: [string, (code: string) => string][] = [
    ["as in the mail", (text) => text],
    ["in lower case", (text) => text.toLowerCase()],
    ["without the dash", (text) => text.replace("-", "")],
    ["with blanks around and inside", (text) => ` ${text.replace("-", " - ")}\t`],
    ["with a dash that a keyboard replaced", (text) => text.replace("-", "–")],
    ["with O for zero", (text) => text.replaceAll("0", "O")],
    ["with l for one", (text) => text.replaceAll("1", "l")],
  ];
  test.each(spellings)("%s", (_, spell) => {
    for (let index = 0; index < 50; index++) {
      const row = { ...ROW, salt: newSalt() };
      expect(isCodeOf(spell(mintConfirmation(row).code), row)).toBe(true);
    }
  });
});

describe("refused as a token", () => {
  const other = { ...ROW, id: randomUUID() };
  const bytes = Buffer.from(token, "base64url");
  const flipped = (index: number) => {
    const copy = Buffer.from(bytes);
    copy[index]! ^= 1;
    return copy.toString("base64url");
  };
  const withoutKey = createHmac("sha256", "")
    .update(JSON.stringify(["link", ROW.id, ROW.purpose, ROW.salt]))
    .digest();
  test.each<[string, string]>([
    ["an empty text", ""],
    ["the id", ROW.id],
    ["the salt", ROW.salt],
    ["the code", code],
    ["truncated", token.slice(0, -1)],
    ["the half of it", token.slice(0, 32)],
    ["with one character more", `${token}A`],
    ["doubled", token + token],
    ["percent-encoded", encodeURIComponent(`#${token}`)],
    ["in upper case", token.toUpperCase()],
    ["padded", `${token}=`],
    ["the first bit of the code changed", flipped(16)],
    ["the last bit changed", flipped(47)],
    [
      "another row's id with this row's code",
      Buffer.concat([Buffer.from(other.id.replaceAll("-", ""), "hex"), bytes.subarray(16)]).toString("base64url"),
    ],
    ["another row's token", mintConfirmation(other).token],
    ["an HMAC without the key", Buffer.concat([bytes.subarray(0, 16), withoutKey]).toString("base64url")],
    ["zeros", Buffer.alloc(48).toString("base64url")],
    ["a lone surrogate", "\ud800".repeat(64)],
  ])("%s", (_, text) => {
    expect(isTokenOf(text, ROW)).toBe(false);
    expect(isTokenOf(text, null)).toBe(false);
  });

  test("a token of the same row for any other purpose, or with another salt", () => {
    for (const purpose of PURPOSES.filter((one) => one !== ROW.purpose)) {
      expect(isTokenOf(token, { ...ROW, purpose })).toBe(false);
      expect(isTokenOf(mintConfirmation({ ...ROW, purpose }).token, ROW)).toBe(false);
    }
    expect(isTokenOf(token, { ...ROW, salt: newSalt() })).toBe(false);
  });

  test("the code of another row, purpose or salt, and every part of the token", () => {
    for (const change of [{ id: randomUUID() }, { purpose: "not-me" }, { salt: newSalt() }]) {
      expect(isCodeOf(mintConfirmation({ ...ROW, ...change }).code, ROW)).toBe(false);
    }
    for (const text of [
      "",
      "-",
      token,
      token.slice(0, 8),
      token.slice(-8),
      code.slice(0, -1),
      code + code,
      "0000-0000",
    ]) {
      expect(isCodeOf(text, ROW), text).toBe(false);
    }
  });
});

describe("while secrets are being changed", () => {
  const secret = process.env.SESSION_SECRET!;

  test("links and codes of the previous secret are accepted, and new ones are made with the current secret", async () => {
    const during = await processWith({ SESSION_SECRET: NEWER_SECRET, SESSION_SECRET_PREVIOUS: secret });
    expect([during.isTokenOf(token, ROW), during.isCodeOf(code, ROW)]).toEqual([true, true]);
    const minted = during.mintConfirmation(ROW);
    expect(minted.token).not.toBe(token);
    expect([isTokenOf(minted.token, ROW), isCodeOf(minted.code, ROW)]).toEqual([false, false]);
    const after = await processWith({ SESSION_SECRET: NEWER_SECRET });
    expect([after.isTokenOf(minted.token, ROW), after.isCodeOf(minted.code, ROW)]).toEqual([true, true]);
  });

  test("those of a retired secret are refused", async () => {
    const after = await processWith({ SESSION_SECRET: NEWER_SECRET });
    expect([after.isTokenOf(token, ROW), after.isCodeOf(code, ROW)]).toEqual([false, false]);
  });

  test("the secret of access tokens makes none", async () => {
    const { isTokenOf: accepts } = await processWith({
      SESSION_SECRET: process.env.JWT_ACCESS_SECRET!,
      JWT_ACCESS_SECRET: secret,
    });
    expect(accepts(token, ROW)).toBe(false);
  });
});
