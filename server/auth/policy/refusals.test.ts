import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import { describe, expect, test } from "vitest";
import { Refusal, REFUSALS, type Reason, tooManyWrongCodes, tooManyWrongPasswords } from "./refusals";

const STATUSES_OF_TRPC = Object.keys(TRPC_ERROR_CODES_BY_KEY).map((code) =>
  getHTTPStatusCodeFromError(new TRPCError({ code: code as keyof typeof TRPC_ERROR_CODES_BY_KEY })),
);
const ALL = Object.entries(REFUSALS) as [Reason, (typeof REFUSALS)[Reason]][];

test("the list is closed, and each reason has the status of the contract", () => {
  expect(Object.fromEntries(ALL.map(([reason, { status }]) => [reason, status]))).toEqual({
    BAD_INPUT: 400,
    WEAK_PASSWORD: 400,
    INVALID_CREDENTIALS: 401,
    SECOND_FACTOR_WRONG: 401,
    SIGNED_OUT: 401,
    SESSION_ENDED: 401,
    INVALID_TOKEN: 401,
    ORIGIN_REFUSED: 403,
    NOT_ALLOWED: 403,
    INSUFFICIENT_SCOPE: 403,
    WRONG_PASSWORD: 403,
    STEP_UP_REQUIRED: 403,
    NOT_FOUND: 404,
    METHOD_NOT_ALLOWED: 405,
    EMAIL_TAKEN: 409,
    LAST_WAY_IN: 409,
    LINK_SPENT: 410,
    TOO_LARGE: 413,
    NOT_JSON: 415,
    RATE_LIMITED: 429,
    NOT_AVAILABLE: 501,
    UNAVAILABLE: 503,
  });
});

describe.each(ALL)("%s", (reason, { status, trpcCode, message }) => {
  test("answers with the status that tRPC gives its code, or with one that tRPC has no code for", () => {
    if (STATUSES_OF_TRPC.includes(status)) {
      expect(getHTTPStatusCodeFromError(new TRPCError({ code: trpcCode }))).toBe(status);
    } else expect(status).toBe(410);
  });

  test("has a message of whole sentences without internal terms", () => {
    expect(new Refusal(reason).message).toBe(message);
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(message).not.toMatch(/token|cookie|sql|database|null|error|jwt/i);
  });
});

test.each([
  [1, "1 minute"],
  [60, "1 minute"],
  [61, "2 minutes"],
  [900, "15 minutes"],
])("the message of an account's limit states the cause and the wait: %i s as %s", (seconds, wait) => {
  const { reason, details, message } = tooManyWrongPasswords(seconds);
  expect({ reason, details }).toEqual({ reason: "RATE_LIMITED", details: { retryAfterSeconds: seconds } });
  expect(message).toBe(`Too many wrong passwords were tried for this account. Wait ${wait} before the next attempt.`);
  expect(tooManyWrongCodes(seconds)).toMatchObject({ reason, details, message: message.replace("passwords", "codes") });
});
