import { sql } from "kysely";
import { beforeAll, describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { revokeSession } from "@/db/tables/revocations";
import { atOnce, readSession, useTestDatabase } from "@/db/testing";
import {
  callerWith,
  countStatements,
  later,
  NEW_PASSWORD,
  PASSWORD,
  reasonOf,
  signedInSession,
  T0,
} from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { openSession } from "@/server/auth/sessions/open-session";
import { refresh } from "@/server/auth/sessions/refresh";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA, anotherInstance, MALLORY, newClient } from "@/server/auth/testing";
import { readAccessToken } from "@/server/auth/tokens/access-token";
import { stepUp } from "./step-up";

const database = useTestDatabase();
const passwordHash = await hashPassword(PASSWORD);
beforeAll(() => readRevocations(database.db));

const WITH_PASSWORD = { method: "password", password: PASSWORD } as const;
const atSecond = (seconds: number) => new Date(Math.floor(later(seconds).getTime() / 1000) * 1000);

/** A user who signed in at T0. */
async function signedInUser() {
  const own = await signedInSession(database.db, T0, { passwordHash });
  const caller = await callerWith(own);
  const confirm = (seconds: number, password = PASSWORD, db = database.db) =>
    stepUp(db, caller, { method: "password", password }, ADA, later(seconds));
  return { own, caller, confirm };
}

const accessTokenIn = ({ cookies }: IssuedTokens) => cookies.find(({ name }) => name.endsWith("__acc"))!.value;

test("step-up: issues an access token with the new time of authentication, and no refresh token", async () => {
  const { own, confirm } = await signedInUser();
  const issued = await confirm(400);
  expect(issued.cookies.map(({ name }) => name)).toEqual(["__acc"]);
  const access = await readAccessToken(accessTokenIn(issued), ADA, later(400));
  expect(access).toMatchObject({ sessionId: own.id, authenticatedAt: atSecond(400), issuedAt: atSecond(400) });
  expect((await readSession(database.db, own.id)).authenticatedAt).toEqual(later(400));
});

test("step-up: refreshes of this session keep the new time, another session of the user keeps its own", async () => {
  const { own, confirm } = await signedInUser();
  const other = (await openSession(database.db, own.user, true, MALLORY, T0))!;
  await confirm(400);
  for (const seconds of [410, 1000, 1700]) {
    const refreshed = await refresh(database.db, own.refreshToken, ADA, later(seconds));
    expect(refreshed).toMatchObject({ kind: "refreshed", access: { authenticatedAt: atSecond(400) } });
  }
  expect((await readSession(database.db, other.id)).authenticatedAt).toEqual(T0);
});

test("step-up: a later clock of another instance is not set back", async () => {
  const { own, confirm } = await signedInUser();
  await confirm(420);
  const { access } = await confirm(400);
  expect(access.authenticatedAt).toEqual(atSecond(420));
  expect((await readSession(database.db, own.id)).authenticatedAt).toEqual(later(420));
});

test("step-up: a session of a version without the time of authentication gets one", async () => {
  const { own, confirm } = await signedInUser();
  await database.db.updateTable("sessions").set({ authenticatedAt: null }).where("id", "=", own.id).execute();
  expect((await confirm(400)).access.authenticatedAt).toEqual(atSecond(400));
});

test("step-up: costs at most five statements", async () => {
  const { caller } = await signedInUser();
  const statements = await countStatements(database.url, (db) => stepUp(db, caller, WITH_PASSWORD, ADA, later(400)));
  expect(statements).toBeLessThanOrEqual(5);
});

test("step-up: two at once both succeed", async () => {
  const { own, confirm } = await signedInUser();
  const issued = await Promise.all([confirm(400), confirm(401)]);
  for (const { access } of issued) {
    expect(access.authenticatedAt.getTime()).toBeGreaterThanOrEqual(atSecond(400).getTime());
  }
  expect((await readSession(database.db, own.id)).authenticatedAt).toEqual(later(401));
});

describe("step-up: a wrong password", () => {
  test("is refused at its field and changes nothing", async () => {
    const { own, confirm } = await signedInUser();
    const refused = await confirm(400, "wrong").catch((error: unknown) => error);
    expect(refused).toMatchObject({
      reason: "WRONG_PASSWORD",
      details: { fields: { password: "That is not your current password." } },
    });
    expect((await readSession(database.db, own.id)).authenticatedAt).toEqual(T0);
  });

  test("counts for the user, with those of the password change, from any client and session, also concurrently", async () => {
    const { own, caller, confirm } = await signedInUser();
    const { changePassword } = await import("@/server/auth/login/change-password");
    const change = { currentPassword: "wrong", newPassword: NEW_PASSWORD };
    expect(await reasonOf(changePassword(database.db, caller, change, newClient(), later(1)))).toBe("WRONG_PASSWORD");
    const other = (await openSession(database.db, own.user, true, MALLORY, T0))!;
    const callers = [caller, { ...caller, session: { ...caller.session, id: other.id } }];
    const reasons = await atOnce(20, (index) =>
      reasonOf(
        stepUp(database.db, callers[index % 2]!, { method: "password", password: "wrong" }, newClient(), later(2)),
      ),
    );
    expect(reasons.filter((reason) => reason === "WRONG_PASSWORD")).toHaveLength(9);
    expect(await reasonOf(confirm(3))).toBe("RATE_LIMITED");
    expect((await confirm(1000)).access.sessionId).toBe(own.id);
  });

  test("does not count once the password was right", async () => {
    const { confirm } = await signedInUser();
    for (let count = 0; count < 12; count++) {
      // A right one frees its attempt at most 100 ms later.
      await expect
        .poll(() =>
          confirm(400 + count).then(
            () => "issued",
            (error: { reason: string }) => error.reason,
          ),
        )
        .toBe("issued");
    }
  });
});

describe("step-up: a session that is not live is refused and gets no token", () => {
  test.each<[string, (own: { id: string; userId: string }) => Promise<unknown>]>([
    ["revoked on another instance", ({ id }) => revokeSession(database.db, { id, reason: "logout" })],
    [
      "of a disabled user",
      ({ userId }) => database.db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", userId).execute(),
    ],
    [
      "idle for too long",
      ({ id }) =>
        database.db
          .updateTable("sessions")
          .set({ idleExpiresAt: later(399) })
          .where("id", "=", id)
          .execute(),
    ],
    ["of a deleted user", ({ userId }) => database.db.deleteFrom("users").where("id", "=", userId).execute()],
  ])("%s", async (_, end) => {
    const { own, confirm } = await signedInUser();
    await end(own);
    expect(await reasonOf(confirm(400))).toBe("SESSION_ENDED");
  });

  test("and it consumes no attempt", async () => {
    const { own, confirm } = await signedInUser();
    await revokeSession(database.db, { id: own.id, reason: "logout" });
    for (let count = 0; count < 12; count++) expect(await reasonOf(confirm(400, "wrong"))).toBe("SESSION_ENDED");
  });
});

/** Runs `step` after as many statements as `round`: a different moment of the step-up each time. */
async function afterStatements(db: ReturnType<typeof connect>, round: number, step: () => Promise<unknown>) {
  for (let wait = round; wait > 0; wait--) await sql`select 1`.execute(db);
  return step();
}

describe("step-up: races", () => {
  test("against a revocation: once that is committed, no token is issued", { timeout: 120_000 }, async () => {
    const elsewhere = connect(database.url);
    const outcomes = new Set<string>();
    const round = async (index: number) => {
      const { own, confirm } = await signedInUser();
      const revoking = afterStatements(elsewhere, index * 3, () =>
        revokeSession(elsewhere, { id: own.id, reason: "logout" }),
      );
      const outcome = await confirm(400).then(
        () => "issued",
        (error: { reason: string }) => error.reason,
      );
      await revoking;
      outcomes.add(outcome);
      const { authenticatedAt, revokedAt } = await readSession(database.db, own.id);
      expect(revokedAt).not.toBeNull();
      // A revoked session was moved only by a step-up that committed before the revocation.
      if (outcome === "issued") expect(authenticatedAt).toEqual(later(400));
      expect(await reasonOf(confirm(500))).toBe("SESSION_ENDED");
      expect((await readSession(database.db, own.id)).authenticatedAt).toEqual(authenticatedAt);
    };
    for (let first = 0; first < 40; first += 4) await atOnce(4, (index) => round(first + index));
    await elsewhere.destroy();
    expect([...outcomes].every((outcome) => ["issued", "SESSION_ENDED"].includes(outcome))).toBe(true);
  });

  test(
    "against a password change on another instance: the old password confirms no session that is left",
    { timeout: 120_000 },
    async () => {
      const elsewhere = connect(database.url);
      const instance = await anotherInstance(() => import("@/server/auth/login/change-password"));
      const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
      const round = async (index: number) => {
        const { own, caller, confirm } = await signedInUser();
        const changing = afterStatements(elsewhere, index, () =>
          instance.changePassword(elsewhere, caller, change, ADA, later(400)),
        );
        const outcome = await confirm(400).then(
          () => "issued",
          (error: { reason: string }) => error.reason,
        );
        await changing;
        expect(["issued", "SESSION_ENDED"]).toContain(outcome);
        expect((await readSession(database.db, own.id)).revokedReason).toBe("password changed");
      };
      for (let first = 0; first < 20; first += 4) await atOnce(4, (index) => round(first + index));
      await elsewhere.destroy();
    },
  );

  test("against a refresh: neither loses the other's change", { timeout: 120_000 }, async () => {
    const elsewhere = connect(database.url);
    const instance = await anotherInstance(() => import("@/server/auth/sessions/refresh"));
    const round = async (index: number) => {
      const { own, confirm } = await signedInUser();
      const refreshing = afterStatements(elsewhere, index * 3, () =>
        instance.refresh(elsewhere, own.refreshToken, ADA, later(500)),
      );
      const [{ access }] = await Promise.all([confirm(500), refreshing]);
      expect(access.authenticatedAt).toEqual(atSecond(500));
      expect(await readSession(database.db, own.id)).toMatchObject({ generation: 1, authenticatedAt: later(500) });
    };
    for (let first = 0; first < 20; first += 4) await atOnce(4, (index) => round(first + index));
    await elsewhere.destroy();
  });
});
