import { describe, expect, it } from "vitest";
import { findLeak } from "./information-leaks";

const JWT_HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9";

describe("findLeak", () => {
  it.each([
    [
      "a token whose signature contains a library name",
      `__acc=${JWT_HEADER}.${JWT_HEADER}.A-zoD-lIynWZB1Kd0bkvFh01ajD5S30`,
    ],
    ["a CSP nonce that contains a library name", "script-src 'nonce-ab+zod+CDEFGHIJKLMNOPQ=='"],
    ["a page without details", "<p>The service is temporarily unavailable.</p>"],
  ])("ignores %s", (_, text) => {
    expect(findLeak(text)).toBeNull();
  });

  it.each([
    ["a library name", "[ { zod: 1 } ]", "zod"],
    ["a library name beside a token", `${JWT_HEADER}.${JWT_HEADER}.short ZodError`, "ZodError"],
    [
      "a stack frame",
      "    at decode (/app/.next/server/chunks/x.js:1:23)",
      "at decode (/app/.next/server/chunks/x.js:1:23)",
    ],
    ["a file with a random name", "server_chunks_0aB1cD2eF3gH4i.js:10:2", "random.js:10:2"],
    ["a path", "/app/node_modules/Abc1/index", "node_modules"],
    ["a statement", "select `id` from `users` where `email` = ?", "select `"],
    ["a driver error", "ER_LOCK_WAIT_TIMEOUT", "ER_LOCK_WAIT_TIMEOUT"],
  ])("finds %s", (_, text, leak) => {
    expect(findLeak(text)).toContain(leak);
  });
});
