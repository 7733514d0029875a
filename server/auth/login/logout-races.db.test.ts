import { sql, type Kysely } from "kysely";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { changePassword } from "@/db/tables/revocations";
import type { Database } from "@/db/schema";
import { atOnce, existingSession, newSession, readSession, useTestDatabase } from "@/db/testing";
import { findUserById } from "@/db/tables/users";
import {
  callerWith,
  cookiesOf,
  later,
  refreshTokenIn,
  signedInSession,
  T0,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { logout, logoutEverywhere, logoutOthers } from "./logout";
import { refresh } from "@/server/auth/sessions/refresh";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA, anotherInstance } from "@/server/auth/testing";

const superseded = ["reset-password"];
const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

test("logoutOthers of a session that is concurrently revoked on another instance revokes all others or none, and reports which", async () => {
  const elsewhere = connect(database.url);
  const instance = await anotherInstance(() => import("@/server/auth/sessions/end-session"));
  const round = async (index: number) => {
    const session = await signedInSession(database.db, T0);
    const caller = await callerWith(session);
    const { id: other } = await existingSession(database.db, { userId: session.userId, createdAt: T0 });
    const act = [logoutOthers, logoutEverywhere][index % 2]!;
    const acting = act(database.db, caller, later(10)).then(
      () => "done",
      (error: { reason: string }) => error.reason,
    );
    const revoking = async () => {
      // Delayed by so many statements, so that each order occurs.
      for (let wait = index % 8; wait > 0; wait--) await sql`select 1`.execute(elsewhere);
      await instance.endSession(elsewhere, session, "revoked by user");
    };
    const [outcome] = await Promise.all([acting, revoking()]);
    const isOtherLive = (await readSession(database.db, other)).revokedAt === null;
    expect(isOtherLive).toBe(outcome === "SESSION_ENDED");
    return outcome;
  };
  const outcomes: string[] = [];
  // Few concurrently: on a busy machine sixty would time out waiting for a connection.
  for (let first = 0; first < 64; first += 8) outcomes.push(...(await atOnce(8, (index) => round(first + index))));
  await elsewhere.destroy();
  // Both outcomes must occur, or nothing raced.
  expect(new Set(outcomes)).toEqual(new Set(["done", "SESSION_ENDED"]));
});

describe("a refresh that races the revocation of its session", () => {
  const ROUNDS = 250;
  const AT_ONCE = 20;
  type End = (db: Kysely<Database>, session: SignedInTestSession) => Promise<unknown>;

  test.each<[string, End]>([
    ["logout", (db, session) => logout(db, cookiesOf(session), ADA, later(601))],
    ["logout everywhere", async (db, session) => logoutEverywhere(db, await callerWith(session), later(601))],
    [
      "a change of the password elsewhere",
      async (db, { userId }) => {
        const { id: sessionId } = await existingSession(db, { userId, createdAt: later(600) });
        const { passwordHash: oldHash } = (await findUserById(db, userId))!;
        const session = newSession(userId, { createdAt: later(601) });
        const change = { userId, sessionId, oldHash, newHash: "changed", session, superseded, now: later(601) };
        expect(await changePassword(db, change)).toBe("changed");
      },
    ],
    [
      "the disabling of the account",
      (db, { userId }) =>
        db
          .updateTable("users")
          .set({ disabledAt: later(600) })
          .where("id", "=", userId)
          .execute(),
    ],
  ])("%s: after 250 rounds no session is live and no token is accepted", async (_, end) => {
    const elsewhere = connect(database.url);
    const instance = await anotherInstance(() => import("@/server/auth/sessions/refresh"));
    const round = async (index: number) => {
      const session = await signedInSession(database.db, T0);
      // Different delays on both sides every time, so that each order of statements occurs, however many statements one side takes.
      const ending = async () => {
        for (let wait = index % 5; wait > 0; wait--) await new Promise(setImmediate);
        await end(database.db, session);
      };
      const refreshing = async () => {
        // Squared: on a Galera node a change of the password takes some twenty statements.
        for (let wait = (index % 8) ** 2 / 2; wait > 0; wait--) await sql`select 1`.execute(elsewhere);
        return instance.refresh(elsewhere, session.refreshToken, ADA, later(600));
      };
      const [outcome] = await Promise.all([refreshing(), ending()]);

      const newest = refreshTokenIn(outcome as { cookies?: [] });
      for (const token of newest === null ? [session.refreshToken] : [newest, session.refreshToken]) {
        for (const seconds of [602, 640]) {
          expect((await instance.refresh(elsewhere, token, ADA, later(seconds))).kind).toBe("ended");
        }
      }
      expect((await readSession(database.db, session.id)).revokedAt).not.toBeNull();
      return outcome.kind;
    };
    const outcomes: string[] = [];
    for (let first = 0; first < ROUNDS; first += AT_ONCE) {
      outcomes.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => round(first + index)))));
    }
    await elsewhere.destroy();
    // Both outcomes must occur, or nothing raced.
    expect(new Set(outcomes)).toEqual(new Set(["refreshed", "ended"]));
  });

  test.each<[string, End]>([
    ["a revocation", (db, { id }) => db.updateTable("sessions").set({ revokedAt: T0 }).where("id", "=", id).execute()],
    [
      "the disabling of the account",
      (db, { userId }) => db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", userId).execute(),
    ],
  ])("fails if it was decided before %s and written after it", async (_, end) => {
    const elsewhere = connect(database.url, { poolSize: 1 });
    const session = await signedInSession(database.db, T0);
    const refreshing = await database.db.transaction().execute(async (trx) => {
      await trx.selectFrom("sessions").select("id").where("id", "=", session.id).forUpdate().execute();
      // Before the refresh: it may hold index entries while it waits for the row, and an update of them would be a deadlock.
      await end(trx, session);
      const started = refresh(elsewhere, session.refreshToken, ADA, later(600));
      const waiting = sql`select 1 from information_schema.processlist
        where db = database() and info like ${"update %sessions% set `previous_nonce`%"}`;
      await vi.waitFor(async () => expect((await waiting.execute(trx)).rows).toHaveLength(1), { timeout: 20_000 });
      return { started };
    });
    expect((await refreshing.started).kind).toBe("ended");
    expect(await readSession(database.db, session.id)).toMatchObject({ generation: 0 });
    await elsewhere.destroy();
  });
});
