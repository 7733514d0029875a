import { hash } from "@node-rs/argon2";
import type { Kysely } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { useTestDatabase } from "@/db/testing";
import { startCuttingProxy, type ConnectionCut } from "@/db/testing-cutting-proxy";
import { findUserById } from "@/db/tables/users";
import type { Caller } from "@/server/auth/policy/credentials";
import { changePassword } from "./change-password";
import {
  callerWith,
  later,
  NEW_PASSWORD,
  PASSWORD,
  signedInSession,
  T0,
  logIn as login,
} from "@/server/auth/db-testing";
import { endOwnSession } from "@/server/auth/sessions/end-session";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { logoutEverywhere, logoutOthers } from "./logout";
import { openSession } from "@/server/auth/sessions/open-session";
import { passwordMatches } from "@/server/auth/passwords/password";
import { Refusal } from "@/server/auth/policy/refusals";
import { register } from "./register";
import { ADA, MALLORY, newClient } from "@/server/auth/testing";

const soon = later(10);
/** Queued work retries after a second. */
const PATIENCE = { timeout: 60_000, interval: 100 };

const database = useTestDatabase();
const outdatedHash = await hash(PASSWORD, { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 });

const CUTS = [false, true].flatMap((refusesReconnects) =>
  (["before", "after"] as const).map((when): Omit<ConnectionCut, "statement"> => ({ when, refusesReconnects })),
);

const liveSessions = async (userId: string) => {
  const sessions = database.db.selectFrom("sessions").select("id").where("userId", "=", userId);
  return (await sessions.where("revokedAt", "is", null).orderBy("id").execute()).map(({ id }) => id);
};

const hashOf = async (userId: string) => (await findUserById(database.db, userId))!.passwordHash;

/**
 * Repeats an operation, each time with the connection cut at the next statement, until no statement is left. When the database is
 * back, `check` gets the result, or null if the operation failed.
 */
async function cutEverywhere<Start, Result>(
  how: Omit<ConnectionCut, "statement">,
  begin: () => Promise<Start>,
  act: (db: Kysely<Database>, start: Start) => Promise<Result>,
  check: (start: Start, result: Result | null, db: Kysely<Database>) => Promise<void>,
): Promise<number> {
  for (let statement = 1; ; statement++) {
    const start = await begin();
    const proxy = await startCuttingProxy(database.url);
    const db = connect(proxy.url, { acquireSeconds: 5 });
    proxy.cutAt({ ...how, statement });
    const result = await act(db, start).catch((error: unknown) => {
      if (isUnavailable(error) || (error instanceof Refusal && error.reason === "UNAVAILABLE")) return null;
      throw error;
    });
    proxy.restore();
    await vi.waitFor(() => check(start, result, db), PATIENCE);
    const wasCut = proxy.wasCut();
    await db.destroy();
    await proxy.close();
    if (!wasCut) return statement - 1;
    if (statement === 40) throw new Error("There is no end of statements.");
  }
}

describe.concurrent.each(CUTS)(
  "a connection lost $when a statement is executed, reconnects refused: $refusesReconnects",
  (how) => {
    test(
      "registration: creates account and session or neither, and can be repeated",
      { timeout: 240_000 },
      async () => {
        const cuts = await cutEverywhere(
          how,
          () => {
            const email = `${crypto.randomUUID()}@example.test`;
            const input = { email, fullName: "Ada Lovelace", password: PASSWORD, remember: true };
            return Promise.resolve(input);
          },
          (db, input) => register(db, input, newClient(), null, T0),
          async (input, result) => {
            const { access } = result ?? (await register(database.db, input, newClient(), null, soon));
            const users = await database.db.selectFrom("users").select("id").where("email", "=", input.email).execute();
            expect(users).toEqual([{ id: access.user.id }]);
            expect(await liveSessions(access.user.id)).toEqual([access.sessionId]);
          },
        );
        expect(cuts).toBeGreaterThanOrEqual(5);
      },
    );

    test("login: leaves no live session whose tokens were not delivered", { timeout: 240_000 }, async () => {
      const cuts = await cutEverywhere(
        how,
        async () => {
          const before = await signedInSession(database.db, T0, { passwordHash: outdatedHash });
          return { before, user: (await findUserById(database.db, before.userId))! };
        },
        (db, { before, user }) => {
          const input = { email: user.email, password: PASSWORD, remember: true };
          return login(db, input, newClient(), before.refreshToken, soon);
        },
        async ({ before, user }, result: IssuedTokens | null) => {
          const live = await liveSessions(user.id);
          if (result !== null) return expect(live).toEqual([result.access.sessionId]);
          // Only a commit whose response is lost, with the database unavailable afterwards, ends the previous session.
          const isUnknown = how.when === "after" && how.refusesReconnects;
          expect([[before.id], ...(isUnknown ? [[]] : [])]).toContainEqual(live);
        },
      );
      expect(cuts).toBeGreaterThanOrEqual(5);
    });

    test("password change: is applied completely or not at all", { timeout: 240_000 }, async () => {
      const cuts = await cutEverywhere(
        how,
        async () => {
          const own = await signedInSession(database.db, T0, { passwordHash: outdatedHash });
          const other = (await openSession(database.db, own.user, true, MALLORY, T0))!;
          const caller = await callerWith(own);
          return { caller, sessions: [own.id, other.id].sort() };
        },
        (db, { caller }) =>
          changePassword(db, caller, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, ADA, soon),
        async ({ caller, sessions }, result: IssuedTokens | null) => {
          const [live, isNew] = [
            await liveSessions(caller.user.id),
            await passwordMatches(await hashOf(caller.user.id), NEW_PASSWORD),
          ];
          if (result !== null) return expect([live, isNew]).toEqual([[result.access.sessionId], true]);
          const isUnknown = how.when === "after" && how.refusesReconnects;
          expect([[sessions, false], ...(isUnknown ? [[[], true]] : [])]).toContainEqual([live, isNew]);
        },
      );
      expect(cuts).toBeGreaterThanOrEqual(7);
    });

    test.each<[string, (db: Kysely<Database>, caller: Caller, other: string) => Promise<unknown>, string]>([
      ["logout everywhere", (db, caller) => logoutEverywhere(db, caller, soon), "neither"],
      ["logout of all others", (db, caller) => logoutOthers(db, caller, soon), "own"],
      ["revoking one session", (db, caller, other) => endOwnSession(db, caller, other, soon), "own"],
    ])("%s: is applied completely or not at all", { timeout: 240_000 }, async (_, act, left) => {
      await cutEverywhere(
        how,
        async () => {
          const own = await signedInSession(database.db, T0);
          const other = (await openSession(database.db, own.user, true, MALLORY, T0))!;
          return { own, other, caller: await callerWith(own) };
        },
        (db, { caller, other }) => act(db, caller, other.id).then(() => true),
        async ({ own, other, caller }, done) => {
          const live = await liveSessions(caller.user.id);
          const after = left === "own" ? [own.id] : [];
          // A failed logout everywhere is queued and retried when the database is available.
          if (done || left === "neither") return expect(live).toEqual(after);
          expect([after, [own.id, other.id].sort()]).toContainEqual(live);
        },
      );
    });
  },
);
