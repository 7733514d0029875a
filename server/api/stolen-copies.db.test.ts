import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PERSONAL_DATA } from "@/db/tables/personal-data";
import { existingFactors } from "@/db/testing";
import type { Database } from "@/db/schema";
import { later, NEW_PASSWORD, PASSWORD, T0, type SignedInTestSession } from "@/server/auth/db-testing";
import { composeMail } from "@/server/auth/email/compose-mail";
import { useMailFlows } from "@/server/auth/email/testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { issueTokens } from "@/server/auth/sessions/issue-tokens";
import { openSession } from "@/server/auth/sessions/open-session";
import { ADA } from "@/server/auth/testing";
import { openFileTransport } from "@/server/mail/file-transport";
import { encrypt } from "@/server/runtime/encryption";
import { call, fromElsewhere, get, type CallOptions } from "./testing";

const flows = useMailFlows();
const { database, newSignedIn, askForReset, askForVerification, askForChange } = flows;

type Person = SignedInTestSession & { email: string };
const TOTP_SECRET = Buffer.alloc(20, "totp secret of a test");
const RECOVERY_CODE = "1ABCDEFGHJKMNPQRS";
let ada: Person;
let bob: Person;
let folder: string;

/** Factors as they are stored, and a login that waits for one. */
async function addFactors({ userId }: Person) {
  const { db } = database;
  await existingFactors(db, { userId, at: T0 });
  const secret = encrypt("totp secret", userId, TOTP_SECRET);
  await db.updateTable("totpSecrets").set({ secret, pendingSecret: secret }).where("userId", "=", userId).execute();
  const codeHash = await hashPassword(RECOVERY_CODE);
  await db.updateTable("recoveryCodes").set({ codeHash }).where("userId", "=", userId).execute();
  const { email } = await flows.accountOf(userId);
  const begun = await call("auth.login", { input: { email, password: PASSWORD }, headers: fromElsewhere() });
  expect(begun.json.result.data).toMatchObject({ status: "second-factor" });
}

/** Of another session of a person, opened by password and code. */
async function strongAccessToken({ user }: Person): Promise<string> {
  const session = await openSession(database.db, user, true, ADA, T0, null, ["password", "totp"]);
  return (await issueTokens(session!, ADA, T0)).cookies[0]!.value;
}

/** Two people with factors and links of every kind that they can ask for, and the mails as files; Bob's account is to be deleted. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-mail-"));
  ada = await newSignedIn({ emailVerifiedAt: null });
  await addFactors(ada);
  await askForVerification(ada);
  await askForReset(ada.email);
  await askForChange(ada, `new-${ada.email}`);
  bob = await newSignedIn();
  await addFactors(bob);
  // With a factor of the account, as a deletion requires.
  bob.accessToken = await strongAccessToken(bob);
  expect(await call("account.requestDeletion", { cookie: bob, input: { email: bob.email } })).toMatchObject({
    status: 200,
  });
  const transport = openFileTransport(folder, { name: "Portcullis", address: "no-reply@app.example" });
  for (const mail of await database.db.selectFrom("outgoingMails").selectAll().orderBy("id").execute()) {
    const composed = await composeMail(database.db, mail, later(10));
    await transport.send({ ...composed!, ...mail }, AbortSignal.timeout(10_000));
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Every row of the database, by table. What a refused attempt may change is left out. */
async function copyDatabase(): Promise<Map<string, Record<string, unknown>[]>> {
  const copy = new Map<string, Record<string, unknown>[]>();
  for (const table of Object.keys(PERSONAL_DATA) as (keyof Database)[]) {
    if (table === "rateLimits") continue;
    const rows = await database.db.selectFrom(table).selectAll().execute();
    copy.set(
      table,
      rows.map((row) => ("codeTries" in row ? { ...row, codeTries: 0 } : row)),
    );
  }
  return copy;
}

/** A column's value as text; of JSON also each value inside. */
function textsOf(value: unknown): string[] {
  if (value instanceof Date) return [value.toISOString()];
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(textsOf);
  if (typeof value !== "string") return [String(value)];
  return value.startsWith("{") ? [value, ...textsOf(JSON.parse(value))] : [value];
}

/** The calls that present a text as every kind of credential of a person. */
function presentationsOf(
  text: string,
  { email, accessToken }: Person,
  now: Date,
): [string, () => ReturnType<typeof call>][] {
  const from: CallOptions = { headers: fromElsewhere(), now };
  const perform = (input: object) => () =>
    call("confirm.perform", { ...from, input: { newPassword: NEW_PASSWORD, ...input } });
  const cookie = (name: string) => () => get("auth.session", { now, cookie: `${name}=${headerSafe(text)}` });
  return [
    ["link", () => call("confirm.describe", { ...from, input: { token: text } })],
    ["pressed link", perform({ token: text })],
    ["link and code", perform({ token: text, code: text })],
    ["code", perform({ email, code: text })],
    ["access cookie", cookie("__acc")],
    ["refresh cookie", cookie("__ref")],
    ["password", () => call("auth.login", { ...from, input: { email, password: text } })],
    ["totp", () => call("auth.stepUp", { ...from, cookie: { accessToken }, input: { method: "totp", code: text } })],
    [
      "recovery code",
      () => call("auth.stepUp", { ...from, cookie: { accessToken }, input: { method: "recovery-code", code: text } }),
    ],
    [
      "pending login",
      () =>
        call("auth.secondFactor", {
          ...from,
          cookie: `__chl=${headerSafe(text)}`,
          input: { method: "recovery-code", code: RECOVERY_CODE },
        }),
    ],
  ];
}

function headerSafe(text: string): string {
  return /^[\x21-\x3a\x3c-\x7e]+$/.test(text) ? text : encodeURIComponent(text);
}

/** Presents texts as everything, without the limits of guessing. Returns what was accepted. */
async function acceptedOf(texts: string[], person: Person, now = later(20)): Promise<string[]> {
  const accepted: string[] = [];
  // Fewer at once than any limit allows.
  for (let start = 0; start < texts.length; start += 2) {
    await database.db.deleteFrom("rateLimits").execute();
    await database.db.updateTable("confirmations").set({ codeTries: 0 }).execute();
    const attempts = texts.slice(start, start + 2).flatMap((text) =>
      presentationsOf(text, person, now).map(async ([as, present]) => {
        const { status, text: body } = await present();
        expect([200, 400, 401, 410], `${as}: ${status} ${body}`).toContain(status);
        if (status === 200) accepted.push(`${text} as ${as}`);
      }),
    );
    await Promise.all(attempts);
  }
  return accepted;
}

/** Tokens and codes in the files of the mails, oldest first; with `recipient` of those to a person. */
async function linksInFiles(recipient?: string): Promise<{ token: string; code: string }[]> {
  const links = [];
  for (const name of (await readdir(folder)).sort()) {
    const { to, text } = await PostalMime.parse(await readFile(join(folder, name)));
    const token = /\/confirm#([\w-]+)/.exec(text!)?.[1];
    const code = /^ {4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text!)?.[1];
    const isWanted = recipient === undefined || to?.[0]?.address === recipient;
    if (isWanted && token !== undefined) links.push({ token, code: code! });
  }
  return links;
}

test(
  "a stolen database: no value of any column is accepted as link, code, cookie or password, and nothing changes",
  { timeout: 600_000 },
  async () => {
    const before = await copyDatabase();
    expect(before.get("confirmations")!.length).toBeGreaterThanOrEqual(4);
    expect(before.get("outgoingMails")!.length).toBeGreaterThanOrEqual(4);
    for (const table of ["totpSecrets", "recoveryCodes", "passkeys", "challenges"]) {
      expect(before.get(table), table).toHaveLength(2);
    }
    const stored = JSON.stringify([...before]);
    for (const encoding of ["utf8", "hex", "base64", "base64url"] as const) {
      expect(stored).not.toContain(TOTP_SECRET.toString(encoding));
    }
    expect(stored).not.toContain(RECOVERY_CODE);
    const texts = [...new Set([...before.values()].flat().flatMap((row) => Object.values(row).flatMap(textsOf)))];
    expect(texts.length).toBeGreaterThan(50);
    for (const person of [ada, bob]) expect(await acceptedOf(texts, person)).toEqual([]);
    expect(await copyDatabase()).toEqual(before);
  },
);

test(
  "mails older than their links: no link or code in a file is accepted as anything",
  { timeout: 120_000 },
  async () => {
    const links = await linksInFiles();
    expect(links.length).toBeGreaterThanOrEqual(4);
    const now = later(15 * 86_400);
    const texts = links.flatMap(({ token, code }) => [token, code]);
    for (const person of [ada, bob]) expect(await acceptedOf(texts, person, now)).toEqual([]);
    for (const { token, code } of links) {
      await database.db.deleteFrom("rateLimits").execute();
      for (const input of [
        { token, newPassword: NEW_PASSWORD },
        { token, code, newPassword: NEW_PASSWORD },
        { email: ada.email, code, newPassword: NEW_PASSWORD },
        { email: bob.email, code, newPassword: NEW_PASSWORD },
      ]) {
        expect(await call("confirm.perform", { input, now, headers: fromElsewhere() })).toMatchObject({ status: 410 });
      }
      expect(await call("confirm.describe", { input: { token }, now })).toMatchObject({ status: 410 });
    }
  },
);

test("the same attempts with the real credentials are accepted", { timeout: 120_000 }, async () => {
  const accepted = (text: string) => acceptedOf([text], ada);
  expect(await accepted(ada.accessToken)).toEqual([`${ada.accessToken} as access cookie`]);
  expect(await accepted(ada.refreshToken)).toEqual([`${ada.refreshToken} as refresh cookie`]);
  expect(await accepted(PASSWORD)).toEqual([`${PASSWORD} as password`]);
  const [{ token, code } = { token: "", code: "" }] = await linksInFiles(ada.email);
  expect((await call("confirm.describe", { input: { token }, now: later(20) })).status).toBe(200);
  expect(await accepted(code)).toEqual([`${code} as code`]);
});
