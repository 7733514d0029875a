import { expect, test } from "vitest";
import type { SigningKey } from "@/db/schema";
import { failed, response } from "@/ops/doctor/deployment/testing";
import type { ProbeResult } from "@/ops/doctor/deployment/http-client";
import { idsOf } from "@/ops/doctor/testing";
import { keyIdOf } from "@/server/runtime/encryption";
import { judgeSigningKeys } from "./judge-signing-keys";

const NOW = new Date("2026-11-30T12:00:00Z");
const [CURRENT, PREVIOUS, FORMER] = ["c", "p", "f"].map((one) => one.repeat(40)) as [string, string, string];
const secrets = { ENCRYPTION_SECRET: CURRENT, ENCRYPTION_SECRET_PREVIOUS: PREVIOUS };
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);
const DAY = 86_400;

/** A key that signs, made an hour ago. */
function key(given: Partial<SigningKey> & { secret?: string } = {}): SigningKey {
  const { secret = CURRENT, sequence = 1, createdAt = ago(3600), ...rest } = given;
  const privateKey = `${keyIdOf(secret)}.text`;
  return { sequence, id: `kid-${sequence}`, privateKey, createdAt, signsFrom: createdAt, compromisedAt: null, ...rest };
}

function keySet(ids: string[], headers: Record<string, string> = {}): ProbeResult {
  const body = JSON.stringify({ keys: ids.map((kid) => ({ kid, kty: "EC" })) });
  return response(200, { "cache-control": "public, max-age=300", ...headers }, body);
}

const judge = (keys: SigningKey[], reply: ProbeResult | null = keySet(keys.map(({ id }) => id)), known = secrets) =>
  idsOf(judgeSigningKeys({ stored: { keys, databaseNow: NOW }, secrets: known, keySet: reply }));

const successor = { sequence: 2, signsFrom: new Date(NOW.getTime() + 300_000) };

test.each<[string, SigningKey[], string[]]>([
  ["one that signs", [key()], []],
  ["none yet", [], []],
  ["two during a rotation", [key(), key({ ...successor, createdAt: ago(600) })], []],
  ["one of a year", [key({ createdAt: ago(365 * DAY) })], []],
  ["one of more than a year", [key({ createdAt: ago(366 * DAY) })], ["! keys-old"]],
  ["one under the previous secret", [key({ secret: PREVIOUS })], ["! keys-previous-secret"]],
  ["one under an unknown secret", [key({ secret: FORMER })], ["✗ keys-unreadable"]],
  [
    "one under an unknown secret that is compromised",
    [key({ secret: FORMER, compromisedAt: ago(60) }), key({ sequence: 2 })],
    [],
  ],
])("doctor, signing keys: %s", (_, keys, expected) => {
  expect(judge(keys)).toEqual(expected);
});

test.each<[string, ProbeResult, string[]]>([
  ["the keys of the database", keySet(["kid-1"]), []],
  ["other keys", keySet(["kid-9"]), ["✗ key-set-differs"]],
  ["one key more", keySet(["kid-1", "kid-9"]), ["✗ key-set-differs"]],
  ["no key", keySet([]), ["✗ key-set-differs"]],
  ["a page", response(200, {}, "<html>"), ["✗ key-set-unavailable"]],
  ["a redirect", response(302), ["✗ key-set-unavailable"]],
  ["nothing", failed("ECONNRESET"), ["✗ key-set-unavailable"]],
  [
    "the keys, stored for a day",
    keySet(["kid-1"], { "cache-control": "public, max-age=86400" }),
    ["! key-set-caching"],
  ],
  ["the keys, not stored", keySet(["kid-1"], { "cache-control": "private, no-store" }), ["! key-set-caching"]],
])("doctor, signing keys: the app returns %s", (_, reply, expected) => {
  expect(judge([key()], reply)).toEqual(expected);
});

test("doctor, signing keys: a cache may lack a key that was published less than five minutes ago, and no older one", () => {
  const young = key({ ...successor, createdAt: ago(299) });
  expect(judge([key(), young], keySet(["kid-1"]))).toEqual([]);
  const old = key({ ...successor, createdAt: ago(301) });
  expect(judge([key(), old], keySet(["kid-1"]))).toEqual(["✗ key-set-differs"]);
});

test("doctor, signing keys: from outside only the published keys are examined, and without anything none", () => {
  const outside = judgeSigningKeys({ stored: null, secrets: null, keySet: keySet(["kid-1", "kid-2"]) });
  expect([outside.healthy, idsOf(outside)]).toEqual(["2 keys published", []]);
  expect(judgeSigningKeys({ stored: null, secrets: null, keySet: null }).skipped).toContain("not examined");
});
