import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { keyIdOf } from "@/server/runtime/encryption";
import { judgeFactors } from "./judge-factors";

const [CURRENT, PREVIOUS, FORMER] = ["c", "p", "f"].map((one) => one.repeat(40)) as [string, string, string];
const ENV = {
  APP_ORIGIN: "https://app.test:8443",
  ENCRYPTION_SECRET: CURRENT,
  ENCRYPTION_SECRET_PREVIOUS: PREVIOUS,
};
const keys = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).map(([secret, count]) => [keyIdOf(secret), count]));

test.each<[Record<string, number>, string | undefined, string[]]>([
  [{}, undefined, []],
  [{ [CURRENT]: 7 }, undefined, []],
  [{ [CURRENT]: 7 }, PREVIOUS, []],
  [{ [CURRENT]: 7, [PREVIOUS]: 2 }, PREVIOUS, ["! factors-previous-secret"]],
  [{ [CURRENT]: 7, [PREVIOUS]: 2 }, undefined, ["✗ factors-unreadable"]],
  [{ [FORMER]: 1, [PREVIOUS]: 2 }, PREVIOUS, ["✗ factors-unreadable", "! factors-previous-secret"]],
  [{ [CURRENT]: 7 }, CURRENT, []],
])("doctor, authenticator apps by secret %j with the previous secret %s: %j", (apps, previous, ids) => {
  const env = { ...ENV, ENCRYPTION_SECRET_PREVIOUS: previous };
  expect(idsOf(judgeFactors({ appsByKey: keys(apps), passkeysByDomain: {} }, env))).toEqual(ids);
});

test.each([
  [{}, []],
  [{ "app.test": 3 }, []],
  [{ "app.test": 3, "old.test": 1 }, ["✗ passkeys-other-domain"]],
  [{ "www.app.test": 1 }, ["✗ passkeys-other-domain"]],
])("doctor, passkeys by domain %j while the app is on app.test: %j", (passkeysByDomain, ids) => {
  expect(idsOf(judgeFactors({ appsByKey: {}, passkeysByDomain }, ENV))).toEqual(ids);
});

test("doctor, factors: counts what is lost and contains no secret", () => {
  const found = judgeFactors({ appsByKey: keys({ [FORMER]: 3 }), passkeysByDomain: { "old.test": 1 } }, ENV);
  expect(found.findings.map(({ says }) => says)).toEqual([
    expect.stringContaining("3 authenticator apps cannot be decrypted"),
    expect.stringContaining("1 passkey cannot be used: made for old.test"),
  ]);
  for (const secret of [CURRENT, PREVIOUS, FORMER]) expect(JSON.stringify(found)).not.toContain(secret);
});

test("doctor, factors: skipped without a database or a valid configuration", () => {
  expect(judgeFactors(null, ENV).skipped).toContain("database");
  expect(judgeFactors({ appsByKey: {}, passkeysByDomain: {} }, null).skipped).toContain("configuration");
});
