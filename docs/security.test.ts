import "@/server/runtime/testing-env";
import { readdirSync, readFileSync } from "node:fs";
import { parseSync, Visitor } from "oxc-parser";
import { expect, test } from "vitest";
import {
  accountFailureLimit,
  deviceFailureLimit,
  exportLimit,
  userFailureLimit,
  confirmationLimit,
  linkCodeLimit,
  loginLimit,
  mailLimits,
  mailRequestLimit,
  userMailRequestLimit,
  passkeyRegistrationLimit,
  registrationLimit,
  type RateLimit,
} from "@/server/auth/rate-limits/rate-limit";
import { MAX_CONCURRENT_HASHES } from "@/server/runtime/concurrency-limiter";
import { ENDED_SESSION_RETENTION_SECONDS } from "@/server/auth/policy/lifetimes";
import { PROCEDURES } from "@/server/auth/policy/procedures";
import { PRODUCT_WORDS } from "@/server/auth/policy/password-rules";
import { ADA } from "@/server/auth/testing";
import { ADMITTED_CALLS_PER_HASH } from "@/server/http/password-admission";
import { env } from "@/server/runtime/env";
import { appRouter } from "@/server/api/router";
import { securityCounts } from "@/server/runtime/security-events";

const text = readFileSync("docs/security.md", "utf8");

/** The cells, without backticks, of every row under a heading whose first cell is in backticks. */
function rowsUnder(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  return section
    .split("\n")
    .filter((line) => /^\| `/.test(line))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll("`", "")));
}

const namesUnder = (heading: string) => rowsUnder(heading).map(([name]) => name);

test("security.md: the table of permissions lists exactly the procedures of the router", () => {
  expect(namesUnder("Who may do what").sort()).toEqual(Object.keys(appRouter._def.procedures).sort());
});

test("security.md: every column of the migrations has a data level and a retention, and no other is listed", () => {
  const columns = readdirSync("db/migrations").flatMap((name) => {
    const source = readFileSync(`db/migrations/${name}`, "utf8");
    const table = /\.(?:create|alter)Table\("(\w+)"\)/.exec(source)?.[1];
    return [...source.matchAll(/\.addColumn\(\s*"(\w+)"/g)].map(([, column]) => `${table}.${column}`);
  });
  expect(columns.length).toBeGreaterThan(30);
  expect(namesUnder("Data").sort()).toEqual(columns.sort());
  for (const [, level, end] of rowsUnder("Data")) {
    expect(["secret", "personal", "internal"]).toContain(level);
    expect(end).not.toBe("");
  }
});

test("security.md: the procedures that require a recent login, and its age, are those of the facts table", () => {
  const [, names, minutes] = /\*\*A recent login\.\*\* (.+?) require .+? last (\d+) minutes/s.exec(text)!;
  const listed = [...names!.matchAll(/`([\w.]+)`/g)].map(([, name]) => name);
  const rules = Object.entries(PROCEDURES).flatMap(([name, { stepUp }]) => (stepUp ? [[name, stepUp] as const] : []));
  expect(listed.sort()).toEqual(rules.map(([name]) => name).sort());
  for (const [name, { withinSeconds }] of rules) expect(withinSeconds, name).toBe(Number(minutes) * 60);
});

test("security.md: the table of log events lists exactly the security events", () => {
  const events = namesUnder("Logs").filter((name) => name?.includes("-"));
  expect(events.sort()).toEqual(Object.keys(securityCounts()).sort());
});

/** Every message that a module writes to the log, with its level where that is constant. */
function logLinesOf(path: string) {
  const source = readFileSync(path, "utf8");
  const found: { path: string; level: string | undefined; message: string | undefined }[] = [];
  new Visitor({
    CallExpression({ callee, arguments: given }) {
      const text = source.slice(callee.start, callee.end);
      const called = /\blog(?:\.(trace|debug|info|warn|error|fatal)|\[.+\])$/.exec(text);
      if (called === null) return;
      const last = given.at(-1);
      const message = last?.type === "LogicalExpression" ? last.right : last;
      found.push({ path, level: called[1], message: message?.type === "Literal" ? String(message.value) : undefined });
    },
    // The writer of the log reports what it dropped without the logger.
    Property({ key, value }) {
      if (source.slice(key.start, key.end) !== "msg" || value.type !== "TemplateLiteral") return;
      found.push({ path, level: undefined, message: value.quasis.map((quasi) => quasi.value.raw).join("…") });
    },
  }).visit(parseSync(path, source).program);
  return found;
}

test("security.md: the table of log lines lists exactly the messages of the code, with their levels", () => {
  const sources = ["app", "server", "db"]
    .flatMap((root) => readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => `${root}/${path}`))
    .concat("middleware.ts", "instrumentation.ts")
    .filter((path) => /\.tsx?$/.test(path) && !/(\.test|testing[\w-]*)\.tsx?$/.test(path));
  const lines = sources.flatMap(logLinesOf);
  const dynamic = lines.filter(({ message }) => message === undefined).map(({ path }) => path);
  expect(dynamic, "a message that is not constant").toEqual(["server/http/console-to-log.ts"]);

  const listed = rowsUnder("Logs").filter(([name]) => !name?.includes("-"));
  const messages = lines.flatMap(({ message }) => message ?? []);
  expect(listed.map(([name]) => name).sort()).toEqual([...new Set(messages)].sort());
  const levels = new Map(listed.map(([name, level]) => [name, level]));
  const wrong = lines.filter(({ message, level }) => level !== undefined && message && levels.get(message) !== level);
  expect(wrong).toEqual([]);
});

test.each<[string, RateLimit]>([
  ["logins from one address", loginLimit(ADA)],
  ["registrations from one address", registrationLimit(ADA)],
  ["… finished by a passkey", passkeyRegistrationLimit(ADA)],
  ["wrong passwords at the login of one account", accountFailureLimit("ada@example.test")],
  ["of these, more from a known device", deviceFailureLimit("ada@example.test", "session")],
  ["wrong passwords of a signed-in user", userFailureLimit("user")],
  ["exports of the data of one account", exportLimit("user")],
  ["requests for mail from one address", mailRequestLimit(ADA)],
  ["requests for mail of a signed-in user", userMailRequestLimit("user")],
  ["mails of one kind to one address, on request", mailLimits("kind", "ada@example.test")[0]!],
  ["… and in an hour", mailLimits("kind", "ada@example.test")[1]!],
  ["links and codes presented from one address", confirmationLimit(ADA)],
  ["codes typed with one link", linkCodeLimit("id")],
])("security.md: the limit is that of the code: %s", (what, { limit }) => {
  const cells = text
    .split("\n")
    .find((line) => line.startsWith(`| ${what} `))
    ?.split("|")
    .map((cell) => cell.trim());
  const minutes = limit.windowSeconds / 60;
  expect(cells?.slice(2, 4)).toEqual([String(limit.hitsAtMost), minutes === 1 ? "1 minute" : `${minutes} minutes`]);
});

test("security.md: the numbers of concurrent hashes and admitted calls are those of the code on two or more cores", () => {
  const figureOf = (what: string) => Number(new RegExp(`^\\| ${what} +\\| (\\d+) `, "m").exec(text)?.[1]);
  expect(figureOf("passwords being hashed")).toBe(MAX_CONCURRENT_HASHES);
  expect(figureOf("calls that have a password hashed")).toBe(ADMITTED_CALLS_PER_HASH * MAX_CONCURRENT_HASHES);
});

test("security.md: session lifetimes and the minimum password length are those of the code", () => {
  const { REFRESH_TOKEN_SECONDS, SESSION_MAX_SECONDS, PASSWORD_MIN_LENGTH } = env();
  expect(text).toMatch(new RegExp(`\`REFRESH_TOKEN_SECONDS\` +\\| ${REFRESH_TOKEN_SECONDS / 86_400} days`));
  expect(text).toMatch(new RegExp(`\`SESSION_MAX_SECONDS\` +\\| ${SESSION_MAX_SECONDS / 86_400} days`));
  expect(text).toContain(`(\`PASSWORD_MIN_LENGTH\`, ${PASSWORD_MIN_LENGTH} unless set)`);
  expect(text).toContain(`deleted ${ENDED_SESSION_RETENTION_SECONDS / 86_400} days after its end`);
  expect(PRODUCT_WORDS).toContain("portcullis");
});
