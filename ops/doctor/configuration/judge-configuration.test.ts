import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { estimateGuesses } from "./guess-secrets";
import { judgeConfiguration, type ConfigurationFacts } from "./judge-configuration";

const random = () => randomBytes(32).toString("hex");
const SOURCE = {
  NODE_ENV: "production",
  DATABASE_URL: "mysql://app:hunter2@db:3306/portcullis",
  APP_ORIGIN: "https://app.example.com",
  SESSION_SECRET: random(),
  JWT_ACCESS_SECRET: random(),
  ENCRYPTION_SECRET: random(),
  TRUSTED_PROXY_HOPS: "1",
  MAIL: "off",
};
const LOCAL = { APP_ORIGIN: "http://localhost:3000", TRUSTED_PROXY_HOPS: "0" };

function judge(changes: Record<string, string | undefined>, rest: Partial<ConfigurationFacts> = {}) {
  return judgeConfiguration({ source: { ...SOURCE, ...changes }, guesses: {}, files: [], ...rest });
}

test("configuration: a complete one is healthy", () => {
  const { group, env } = judge({});
  expect(idsOf(group)).toEqual([]);
  expect(env?.TRUSTED_PROXY_HOPS).toBe(1);
});

test("configuration: all invalid variables are reported, and env is null", () => {
  const { group, env } = judge({ APP_ORIGIN: undefined, PORT: "many", JWT_ACCESS_SECRET: "short", LOG_LEVEL: "loud" });
  expect(idsOf(group).sort()).toEqual([
    "✗ variable-app-origin",
    "✗ variable-jwt-access-secret",
    "✗ variable-log-level",
    "✗ variable-port",
  ]);
  expect(env).toBeNull();
});

test("configuration: invalid combinations are reported", () => {
  expect(idsOf(judge({ REFRESH_GRACE_SECONDS: "600" }).group)).toEqual(["✗ variable-refresh-grace-seconds"]);
  expect(idsOf(judge({ JWT_ACCESS_SECRET: SOURCE.SESSION_SECRET }).group)).toEqual(["✗ variable-session-secret"]);
});

describe("proxy and origin", () => {
  test.each<[string, Record<string, string>, string[]]>([
    ["https with TRUSTED_PROXY_HOPS=0", { TRUSTED_PROXY_HOPS: "0" }, ["✗ no-trusted-proxy"]],
    ["localhost", LOCAL, []],
    ["localhost with a different port", { ...LOCAL, PORT: "3001" }, ["! origin-other-port"]],
    ["localhost without a port", { ...LOCAL, APP_ORIGIN: "http://localhost", PORT: "80" }, []],
    ["localhost with a trusted proxy", { ...LOCAL, TRUSTED_PROXY_HOPS: "1" }, ["! proxy-on-loopback"]],
  ])("%s: %j", (_, changes, ids) => {
    expect(idsOf(judge(changes).group)).toEqual(ids);
  });
});

test.each<[string, Record<string, string>, string[]]>([
  ["rate limits without effect", { RATE_LIMIT_FACTOR: "1000" }, ["! limits-lifted"]],
  ["rate limits of an office", { RATE_LIMIT_FACTOR: "10" }, []],
  ["a log without security events", { LOG_LEVEL: "error" }, ["! log-too-quiet"]],
  ["a log with security events", { LOG_LEVEL: "warn" }, []],
  ["no fingerprint check", { IP_VALIDATION: "false", AGENT_VALIDATION: "false" }, ["! no-fingerprint"]],
  ["one fingerprint check", { IP_VALIDATION: "false" }, []],
])("configuration with %s: %j", (_, changes, ids) => {
  expect(idsOf(judge(changes).group)).toEqual(ids);
});

describe("secrets", () => {
  const SAMPLE = "example-only-not-for-production-session-secret";

  test("the sample secret is one problem on a public origin", () => {
    expect(idsOf(judge({ SESSION_SECRET: SAMPLE }).group)).toEqual(["✗ variable-session-secret"]);
    expect(idsOf(judge({ SESSION_SECRET: SAMPLE, NODE_ENV: "development" }).group)).toEqual([
      "✗ variable-session-secret",
    ]);
    expect(idsOf(judge({ ...LOCAL, SESSION_SECRET: SAMPLE, NODE_ENV: "development" }).group)).toEqual([
      "! variable-session-secret",
    ]);
  });

  test.each([
    "changemechangemechangemechangeme",
    "0123456789".repeat(4),
    "this-is-our-secret-and-nobody-knows",
    "a".repeat(40),
  ])("%s is reported as weak", async (JWT_ACCESS_SECRET) => {
    const source = { ...SOURCE, JWT_ACCESS_SECRET };
    const { group } = judge(source, { guesses: await estimateGuesses(source) });
    expect(idsOf(group)).toEqual(["✗ weak-jwt-access-secret"]);
    expect(JSON.stringify(group)).not.toContain(JWT_ACCESS_SECRET);
  });

  test.each(["hex", "base64", "base64url"] as const)("16 or more random bytes in %s are not weak", async (form) => {
    const bytes = form === "hex" ? 16 : 24;
    for (let round = 0; round < 3; round++) {
      const source = { ...SOURCE, SESSION_SECRET: randomBytes(bytes).toString(form) };
      expect(idsOf(judge(source, { guesses: await estimateGuesses(source) }).group), source.SESSION_SECRET).toEqual([]);
    }
  });

  test("the remedy for a weak ENCRYPTION_SECRET keeps the sessions, and says what is lost without the old secret", async () => {
    const source = { ...SOURCE, ENCRYPTION_SECRET: "a".repeat(40) };
    const [finding] = judge(source, { guesses: await estimateGuesses(source) }).group.findings;
    expect(finding).toMatchObject({ id: "weak-encryption-secret" });
    expect(finding!.todo).toContain("ENCRYPTION_SECRET_PREVIOUS to the old value");
    expect(finding!.todo).toContain("authenticator apps stop working");
    expect(finding!.todo).not.toContain("sign in again");
  });

  test.each(["SESSION_SECRET_PREVIOUS", "JWT_ACCESS_SECRET_PREVIOUS", "ENCRYPTION_SECRET_PREVIOUS"])(
    "%s is reported while it is set",
    (name) => {
      expect(idsOf(judge({ [name]: random() }).group)).toEqual([`! left-${name.toLowerCase().replaceAll("_", "-")}`]);
    },
  );
});

test.each([
  [0o100600, []],
  [0o100400, []],
  [0o100640, ["✗ readable-secrets"]],
  [0o100604, ["✗ readable-secrets"]],
  [null, []],
])("environment file with mode %o: %j", (mode, ids) => {
  expect(idsOf(judge({}, { files: [{ name: ".env.local", mode }] }).group)).toEqual(ids);
});

test("configuration: no finding contains a secret or a password", () => {
  const all = { ...SOURCE, SESSION_SECRET_PREVIOUS: "short-one", PORT: "x", APP_ORIGIN: "nonsense" };
  const output = JSON.stringify(judge(all).group);
  for (const secret of [SOURCE.SESSION_SECRET, "hunter2", "short-one"]) expect(output).not.toContain(secret);
});
