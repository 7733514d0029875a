import { describe, expect, test } from "vitest";
import { readSession } from "@/db/testing";
import { callerWith, later, reasonOf, signedInSession, T0 } from "@/server/auth/db-testing";
import { stepUp } from "@/server/auth/gate/step-up";
import { refresh } from "@/server/auth/sessions/refresh";
import { ADA } from "@/server/auth/testing";
import { beginTotp, confirmTotp } from "./enrol-totp";
import { listFactors } from "./list-factors";
import { renewRecoveryCodes } from "./renew-recovery-codes";
import { outcomeOf, useSecondFactors } from "./testing";
import { totpCode } from "./totp";

const { database, presentStep, atStep, enrolled, pendingSecretOf, begin, finish, sessionsOf } = useSecondFactors();

/** An account without an app, and one that confirms a new app by the code of a step while the clock stands in another. */
async function enrolling() {
  const { own, caller, email, userId } = await enrolled();
  const add = async (step: number, codeStep: number) => {
    await beginTotp(database.db, caller, later(5));
    const secret = await pendingSecretOf(userId);
    const confirmed = await atStep(step, (db) => confirmTotp(db, caller, totpCode(secret, codeStep), ADA, later(6)));
    return { secret, confirmed };
  };
  const outcomeAt = async (step: number, code: string) => {
    const pending = await begin(email);
    return atStep(step, (db) => outcomeOf(finish(pending, "totp", code, { db })));
  };
  return { own, caller, email, userId, add, outcomeAt };
}

describe("codes of an app, by the database's clock:", () => {
  test("those of the previous, the present and the next step are accepted, those beyond are not", async () => {
    const { secret, email } = await enrolled();
    const step = (await presentStep()) + 10;
    const outcomes = [];
    for (const offset of [-2, -1, 0, 1, 2]) {
      const pending = await begin(email);
      const code = totpCode(secret, step + offset);
      outcomes.push(await atStep(step, (db) => outcomeOf(finish(pending, "totp", code, { db }))));
    }
    const [wrong, right] = ["SECOND_FACTOR_WRONG", "signed in"];
    expect(outcomes).toEqual([wrong, right, right, right, wrong]);
  });

  test("an earlier one is refused after a later one was used", async () => {
    const { secret, email } = await enrolled();
    const step = (await presentStep()) + 10;
    const outcomes = [];
    for (const offset of [1, 0]) {
      const pending = await begin(email);
      const code = totpCode(secret, step + offset);
      outcomes.push(await atStep(step, (db) => outcomeOf(finish(pending, "totp", code, { db }))));
    }
    expect(outcomes).toEqual(["signed in", "SECOND_FACTOR_WRONG"]);
  });

  test("the one that confirms an app counts as used", async () => {
    const { add, outcomeAt } = await enrolling();
    const step = await presentStep();
    const { secret } = await add(step, step);
    expect(await outcomeAt(step, totpCode(secret, step))).toBe("SECOND_FACTOR_WRONG");
    expect(await outcomeAt(step, totpCode(secret, step + 1))).toBe("signed in");
  });

  test.each([-5, 5])("a clock that differs by %i steps is learnt when the app is added", async (drift) => {
    const { add, outcomeAt } = await enrolling();
    const step = await presentStep();
    const { secret } = await add(step, step + drift);
    const [now, wrong] = [step + 20, "SECOND_FACTOR_WRONG"];
    expect(await outcomeAt(now, totpCode(secret, now))).toBe(wrong);
    expect(await outcomeAt(now, totpCode(secret, now + drift - 2))).toBe(wrong);
    expect(await outcomeAt(now, totpCode(secret, now + drift - 1))).toBe("signed in");
    expect(await outcomeAt(now, totpCode(secret, now + drift + 1))).toBe("signed in");
  });

  test.each([-6, 6])("an app whose clock differs by %i steps is not added", async (drift) => {
    const { add } = await enrolling();
    const step = await presentStep();
    expect(await reasonOf(add(step, step + drift))).toBe("SECOND_FACTOR_WRONG");
  });
});

test("an added app is contained in the next access token of its session, and in those of its refreshes", async () => {
  const { own, add } = await enrolling();
  const step = await presentStep();
  const { confirmed } = await add(step, step);
  expect(confirmed.tokens.access.authenticationMethods).toEqual(["pwd", "otp", "mfa"]);
  expect(confirmed.tokens.cookies.map(({ name }) => name)).toEqual(["__acc"]);
  const refreshed = await refresh(database.db, own.refreshToken, ADA, later(600));
  expect(refreshed).toMatchObject({ kind: "refreshed", access: { authenticationMethods: ["pwd", "otp", "mfa"] } });
});

describe("step-up by code:", () => {
  test("records the authentication in the session, and refuses the same code again", async () => {
    const { caller, secret, own } = await enrolled();
    const confirm = (code: string) => stepUp(database.db, caller, { method: "totp", code }, ADA, later(400));
    expect(await reasonOf(confirm("000000"))).toBe("SECOND_FACTOR_WRONG");
    expect((await readSession(database.db, own.id)).authenticatedAt).toEqual(T0);
    const code = totpCode(secret, await presentStep());
    const { access, cookies } = await confirm(code);
    expect(access.authenticationMethods).toContain("otp");
    expect(cookies.map(({ name }) => name)).toEqual(["__acc"]);
    expect((await readSession(database.db, own.id)).authenticatedAt).toEqual(later(400));
    expect(await reasonOf(confirm(code))).toBe("SECOND_FACTOR_WRONG");
  });

  test("uses up a recovery code, and opens no session", async () => {
    const { caller, userId, recoveryCodes } = await enrolled();
    const confirm = () =>
      stepUp(database.db, caller, { method: "recovery-code", code: recoveryCodes[6]! }, ADA, later(400));
    expect((await confirm()).access.authenticatedAt.getTime()).toBeGreaterThan(T0.getTime());
    expect(await reasonOf(confirm())).toBe("SECOND_FACTOR_WRONG");
    expect(await listFactors(database.db, caller, later(400))).toMatchObject({ recoveryCodes: { remaining: 9 } });
    expect(await sessionsOf(userId)).toHaveLength(1);
  });

  test("with the last recovery code gives a new set, of which a code works", async () => {
    const { caller, userId, recoveryCodes } = await enrolled();
    const others = database.db.updateTable("recoveryCodes").set({ usedAt: T0 }).where("userId", "=", userId);
    await others.where("number", "<>", 4).execute();
    const confirm = (code: string) => stepUp(database.db, caller, { method: "recovery-code", code }, ADA, later(400));
    const renewed = (await confirm(recoveryCodes[3]!)).recoveryCodes!;
    expect(renewed).toHaveLength(10);
    expect((await confirm(renewed[0]!)).recoveryCodes).toBeUndefined();
    expect(await listFactors(database.db, caller, later(400))).toMatchObject({ recoveryCodes: { remaining: 9 } });
  });

  test("of a session that has ended is refused, and uses no code", async () => {
    const { caller, own, email, recoveryCodes } = await enrolled();
    await database.db.updateTable("sessions").set({ revokedAt: T0 }).where("id", "=", own.id).execute();
    const code = recoveryCodes[0]!;
    const ended = stepUp(database.db, caller, { method: "recovery-code", code }, ADA, later(400));
    expect(await reasonOf(ended)).toBe("SESSION_ENDED");
    expect(await outcomeOf(finish(await begin(email), "recovery-code", code))).toBe("signed in");
  });
});

describe("recoveryCodes.renew:", () => {
  test("codes of the previous set stop working, and each of the new ones works", async () => {
    const { caller, email, recoveryCodes } = await enrolled();
    const renewed = await renewRecoveryCodes(database.db, caller, ADA, later(5));
    expect(new Set([...renewed, ...recoveryCodes]).size).toBe(20);
    expect(await outcomeOf(finish(await begin(email), "recovery-code", recoveryCodes[0]!))).toBe("SECOND_FACTOR_WRONG");
    for (const code of [renewed[0]!, renewed[9]!]) {
      expect(await outcomeOf(finish(await begin(email), "recovery-code", code))).toBe("signed in");
    }
  });

  test("is refused without a factor that the codes could replace", async () => {
    const caller = await callerWith(await signedInSession(database.db, T0));
    expect(await reasonOf(renewRecoveryCodes(database.db, caller, ADA, later(5)))).toBe("NOT_FOUND");
  });
});
