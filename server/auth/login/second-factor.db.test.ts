import { describe, expect, test } from "vitest";
import { readSession } from "@/db/testing";
import { findUserForLogin } from "@/db/tables/users";
import { later, NEW_PASSWORD, PASSWORD, signedInSession, T0 } from "@/server/auth/db-testing";
import { listFactors } from "@/server/auth/second-factor/list-factors";
import { outcomeOf, useSecondFactors } from "@/server/auth/second-factor/testing";
import { totpCode } from "@/server/auth/second-factor/totp";
import { ADA, clientAt, MALLORY, newClient } from "@/server/auth/testing";
import { changePassword } from "./change-password";
import { describePendingLogin } from "./second-factor";

const { database, presentStep, enrolled, begin, finish, sessionsOf } = useSecondFactors();
const codeOf = async ({ secret }: { secret: Buffer }) => totpCode(secret, await presentStep());

async function isKnownDevice(email: string, client: typeof ADA) {
  const user = await findUserForLogin(database.db, email, { ...client, ip: client.address });
  return user!.knownSessionId !== null;
}

describe("login in two steps:", () => {
  test("before the second one there is no session, no known device, no token and no mail about a new device", async () => {
    const account = await enrolled();
    const { email, userId } = account;
    const step = await begin(email, MALLORY);
    const newDeviceMails = () =>
      database.db
        .selectFrom("outgoingMails")
        .select("id")
        .where("userId", "=", userId)
        .where("kind", "=", "new-device")
        .execute();
    expect(step.pending.cookies.map(({ name }) => name)).toEqual(["__chl"]);
    expect(step.pending.methods).toEqual(["totp", "recovery-code"]);
    expect(await sessionsOf(userId)).toHaveLength(1);
    expect(await isKnownDevice(email, MALLORY)).toBe(false);
    expect(await newDeviceMails()).toEqual([]);

    const { cookies, access } = await finish(step, "totp", await codeOf(account));
    expect(cookies.map(({ name }) => name)).toEqual(["__acc", "__ref"]);
    expect(access.authenticationMethods).toEqual(["pwd", "otp", "mfa"]);
    expect(await sessionsOf(userId)).toHaveLength(2);
    expect(await isKnownDevice(email, MALLORY)).toBe(true);
    expect(await newDeviceMails()).toHaveLength(1);
  });

  test("the browser's former session is ended by the second step, not by the first or a wrong code", async () => {
    const account = await enrolled();
    const former = await signedInSession(database.db, T0);
    const step = await begin(account.email, ADA, { presented: former.refreshToken });
    const presented = former.refreshToken;
    expect(await outcomeOf(finish(step, "totp", "000000", { presented }))).toBe("SECOND_FACTOR_WRONG");
    expect((await readSession(database.db, former.id)).revokedAt).toBeNull();
    await finish(step, "totp", await codeOf(account), { presented });
    expect((await readSession(database.db, former.id)).revokedReason).toBe("replaced by login");
  });

  test.each([true, false])("the choice to be remembered (%s) is kept until the second step", async (remember) => {
    const account = await enrolled();
    const step = await begin(account.email, newClient(), { remember });
    const { cookies, access } = await finish(step, "totp", await codeOf(account));
    expect(Boolean((await readSession(database.db, access.sessionId)).remember)).toBe(remember);
    const { maxAgeSeconds } = cookies.find(({ name }) => name === "__ref")!;
    expect(typeof maxAgeSeconds === "number").toBe(remember);
  });
});

describe("a login that waits for its second step", () => {
  test("can be continued by the same browser only, also from another network", async () => {
    const account = await enrolled();
    const step = await begin(account.email, ADA);
    const code = await codeOf(account);
    const stolen = { ...step, client: clientAt(ADA.address, MALLORY.userAgent) };
    expect(await outcomeOf(finish(stolen, "totp", code))).toBe("SIGNED_OUT");
    expect(await describePendingLogin(database.db, step.token, stolen.client, later(20))).toBeNull();
    expect(await outcomeOf(finish({ ...step, client: newClient() }, "totp", code))).toBe("signed in");
  });

  test("is of one account: the codes of another one in the same browser do not continue it", async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    const [ofOne, ofOther] = [await begin(one.email, ADA), await begin(other.email, ADA)];
    expect(await outcomeOf(finish(ofOne, "totp", await codeOf(other)))).toBe("SECOND_FACTOR_WRONG");
    expect(await outcomeOf(finish(ofOther, "recovery-code", one.recoveryCodes[0]!))).toBe("SECOND_FACTOR_WRONG");
    expect((await finish(ofOther, "totp", await codeOf(other))).access.user.id).toBe(other.userId);
    expect((await finish(ofOne, "totp", await codeOf(one))).access.user.id).toBe(one.userId);
  });

  test("lasts five minutes", async () => {
    const account = await enrolled();
    const step = await begin(account.email);
    expect(step.pending.expiresAt.getTime()).toBe(Math.floor(later(310).getTime() / 1000) * 1000);
    const code = await codeOf(account);
    expect(await outcomeOf(finish(step, "totp", code, { now: later(310) }))).toBe("SIGNED_OUT");
    expect(await outcomeOf(finish(step, "totp", code, { now: later(309) }))).toBe("signed in");
  });

  test("is over after five minutes by its row, too, if the clock of another instance is behind", async () => {
    const account = await enrolled();
    const step = await begin(account.email);
    const row = database.db.updateTable("challenges").where("userId", "=", account.userId);
    await row.set({ expiresAt: later(15) }).execute();
    expect(await outcomeOf(finish(step, "totp", await codeOf(account)))).toBe("SIGNED_OUT");
  });

  test("is ended by a change of password, and its code stays unused", async () => {
    const account = await enrolled();
    const step = await begin(account.email);
    const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    await changePassword(database.db, account.caller, change, ADA, later(15));
    expect(await outcomeOf(finish(step, "totp", await codeOf(account)))).toBe("SIGNED_OUT");
    expect(await outcomeOf(finish(step, "recovery-code", account.recoveryCodes[0]!))).toBe("SIGNED_OUT");
    const codes = database.db.selectFrom("recoveryCodes").select("number").where("userId", "=", account.userId);
    expect(await codes.where("usedAt", "is not", null).execute()).toEqual([]);
  });

  test("is ended if the account is disabled", async () => {
    const account = await enrolled();
    const step = await begin(account.email);
    await database.db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", account.userId).execute();
    expect(await outcomeOf(finish(step, "totp", await codeOf(account)))).toBe("SIGNED_OUT");
  });

  test("is used once: a second use is refused as signed out, and uses no code", async () => {
    const account = await enrolled();
    const step = await begin(account.email);
    expect(await outcomeOf(finish(step, "totp", await codeOf(account)))).toBe("signed in");
    expect(await outcomeOf(finish(step, "recovery-code", account.recoveryCodes[0]!))).toBe("SIGNED_OUT");
    expect(await describePendingLogin(database.db, step.token, step.client, later(20))).toBeNull();
    expect(await sessionsOf(account.userId)).toHaveLength(2);
    expect(await listFactors(database.db, account.caller, later(20))).toMatchObject({
      recoveryCodes: { remaining: 10 },
    });
  });
});
