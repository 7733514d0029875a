import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { existingUser, newSession, readSession, useTestDatabase } from "@/db/testing";
import { callerWith, later, NEW_PASSWORD, PASSWORD, signedInSession, T0 } from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { ADA, anotherInstance, MALLORY } from "@/server/auth/testing";
import { createLog } from "@/server/runtime/log";
import { LoggedRevocations } from "./logged-revocations";
import { endOpenedBefore, replay } from "./replay";

const lines: string[] = [];
const collecting = createLog({ write: (line) => void lines.push(line) });
Object.assign(globalThis, { [Symbol.for("portcullis.log")]: collecting });

const database = useTestDatabase();
const passwordHash = await hashPassword(PASSWORD);

const app = await anotherInstance(async () => ({
  ...(await import("@/server/auth/login/change-password")),
  ...(await import("@/server/auth/login/login")),
  ...(await import("@/server/auth/login/logout")),
  ...(await import("@/server/auth/sessions/open-session")),
  ...(await import("@/server/auth/sessions/refresh")),
}));
beforeEach(async () => {
  await database.db.deleteFrom("sessions").execute();
  lines.length = 0;
});

const reasonOf = async ({ id }: { id: string }) => (await readSession(database.db, id)).revokedReason;
async function reasonsOf(...sessions: { id: string }[]): Promise<(string | null)[]> {
  const ids = sessions.map(({ id }) => id);
  const rows = await database.db
    .selectFrom("sessions")
    .select(["id", "revokedReason"])
    .where("id", "in", ids)
    .execute();
  const reasons = new Map(rows.map(({ id, revokedReason }) => [id, revokedReason]));
  return ids.map((id) => reasons.get(id)!);
}

/** A session of the same user, opened at `now`. */
async function anotherSession({ user }: Awaited<ReturnType<typeof signedInSession>>, now = T0) {
  const row = await database.db.selectFrom("users").select("sessionEpoch").where("id", "=", user.id).executeTakeFirst();
  return (await app.openSession(database.db, { ...user, ...row! }, true, ADA, now))!;
}

/** What a restore leaves: no session is revoked. */
async function restore(): Promise<void> {
  await database.db.updateTable("sessions").set({ revokedAt: null, revokedReason: null }).execute();
}

function readLog(): LoggedRevocations {
  const logged = new LoggedRevocations(new Date(0));
  for (const line of lines) logged.add(line);
  return logged;
}

const replayLog = () => replay(database.db, readLog(), () => {}, 0);

describe("replay of the log after a restore", () => {
  test("revokes again whatever the app logged as revoked, with its reason", async () => {
    const { db } = database;
    const session = () => signedInSession(db, T0, { passwordHash });
    const [loggedOut, replaced, everywhere, kept, changed, stolen, untouched] = [
      await session(),
      await session(),
      await session(),
      await session(),
      await session(),
      await session(),
      await session(),
    ];
    const [alsoEverywhere, other, alsoChanged] = [
      await anotherSession(everywhere),
      await anotherSession(kept),
      await anotherSession(changed),
    ];
    await app.logout(db, { accessToken: null, refreshToken: loggedOut.refreshToken } as never, ADA, later(10));
    const email = `${crypto.randomUUID()}@example.test`;
    await existingUser(db, { email, passwordHash });
    await app.login(db, { email, password: PASSWORD, remember: true }, ADA, replaced.refreshToken, later(10));
    await app.logoutEverywhere(db, await callerWith(everywhere), later(10));
    await app.logoutOthers(db, await callerWith(kept), later(10));
    const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    const { access } = await app.changePassword(db, await callerWith(changed), input, ADA, later(10));
    for (const seconds of [600, 1200]) await app.refresh(db, stolen.refreshToken, ADA, later(seconds));
    await app.refresh(db, stolen.refreshToken, MALLORY, later(1800));
    const ended = [loggedOut, replaced, everywhere, alsoEverywhere, other, changed, alsoChanged, stolen];
    const reasons = await reasonsOf(...ended);
    expect(reasons).not.toContain(null);

    await restore();
    expect(await replayLog()).toEqual({ found: 8, written: 8, unchanged: 0, unknown: 0 });
    expect(await reasonsOf(...ended)).toEqual(reasons);
    expect(await reasonsOf(untouched, kept, { id: access.sessionId })).toEqual([null, null, null]);
  });

  test("spares the sessions that were opened since, and changes nothing when it is repeated", async () => {
    const { db } = database;
    const session = await signedInSession(db, T0);
    await app.logoutEverywhere(db, await callerWith(session), later(10));
    await restore();
    const since = await anotherSession(session, later(20));
    expect(await replayLog()).toMatchObject({ found: 1, written: 1 });
    const row = await readSession(db, session.id);
    expect(await replayLog()).toEqual({ found: 0, written: 0, unchanged: 0, unknown: 0 });
    expect([await readSession(db, session.id), await reasonOf(since)]).toEqual([row, null]);
  });

  test("counts the sessions that are revoked already, and those that the backup does not contain", async () => {
    const { db } = database;
    const [known, lost] = [await signedInSession(db, T0), await signedInSession(db, T0)];
    for (const { refreshToken } of [known, lost]) {
      await app.logout(db, { accessToken: null, refreshToken } as never, ADA, later(10));
    }
    await db.deleteFrom("sessions").where("id", "=", lost.id).execute();
    expect(await replayLog()).toEqual({ found: 2, written: 0, unchanged: 1, unknown: 1 });
  });
});

async function manySessions(count: number, createdAt: Date): Promise<{ id: string }[]> {
  const { id: userId } = await existingUser(database.db);
  const sessions = Array.from({ length: count }, () => newSession(userId, { createdAt }));
  for (let start = 0; start < count; start += 500) {
    await database.db
      .insertInto("sessions")
      .values(sessions.slice(start, start + 500))
      .execute();
  }
  return sessions;
}

test("end-before ends every session that was opened before, over several batches, and no other", async () => {
  const [before, at] = [await manySessions(2300, later(-1)), await manySessions(5, T0)];
  const progress: string[] = [];
  expect(await endOpenedBefore(database.db, T0, (detail) => progress.push(detail), 0)).toBe(2300);
  expect(progress.length).toBeGreaterThanOrEqual(3);
  expect(new Set(await reasonsOf(...before))).toEqual(new Set(["ended by operator"]));
  expect(new Set(await reasonsOf(...at))).toEqual(new Set([null]));
  expect(await endOpenedBefore(database.db, T0, () => {}, 0)).toBe(0);
});

describe("the command", () => {
  const run = (args: string[], input?: string) => {
    const env = { ...process.env, DATABASE_URL: database.url };
    const { status, stdout, stderr } = spawnSync(process.execPath, ["ops/start.mjs", "revocations", ...args], {
      env,
      input,
      encoding: "utf8",
    });
    return { status, output: stdout + stderr };
  };

  test("replays a file and standard input, and says what it did", async () => {
    const { db } = database;
    const session = await signedInSession(db, T0, { passwordHash });
    const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    await app.changePassword(db, await callerWith(session), input, ADA, later(10));
    await restore();
    const file = join(mkdtempSync(join(tmpdir(), "portcullis-")), "app.log");
    writeFileSync(file, `starting\n${lines.join("")}`);
    const first = run(["replay", file]);
    expect(first).toMatchObject({
      status: 0,
      output: expect.stringMatching(/1 revoked sessions found\n +1 written again/),
    });
    expect(first.output).toContain(`1 users have chosen a new password`);
    expect(first.output).toContain(session.userId);
    expect(await reasonOf(session)).toBe("password changed");
    expect(run(["replay", "-"], lines.join("")).output).toMatch(/0 written again/);
  });

  test("ends the sessions that were opened before an instant", async () => {
    const session = await signedInSession(database.db, T0);
    expect(run(["end-before", later(1).toISOString()])).toMatchObject({
      status: 0,
      output: expect.stringContaining("1 sessions ended"),
    });
    expect(await reasonOf(session)).toBe("ended by operator");
  });

  test.each<[string, string[], string | undefined, string]>([
    ["a file that is not there", ["replay", "/nowhere/app.log"], undefined, "There is no file /nowhere/app.log"],
    ["a file of something else", ["replay", "-"], "hello\n{}\n", "contains no line of the app's log"],
    ["another command", ["undo", "x"], undefined, "undo is not used like that"],
  ])("refuses %s in one message", (_, args, input, message) => {
    const { status, output } = run(args, input);
    expect(status).toBe(1);
    expect(output).toContain(message);
    expect(output).not.toContain("    at ");
  });

  test("says that the database cannot be reached", () => {
    const env = { ...process.env, DATABASE_URL: "mysql://root@127.0.0.1:9/nothing" };
    const args = ["ops/start.mjs", "revocations", "end-before", T0.toISOString()];
    const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    expect([status, stdout]).toEqual([1, expect.stringContaining("The database cannot be used: ")]);
  });
});
