import type { Kysely } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { useTotpStep } from "@/db/tables/factor-changes";
import { T0 } from "@/server/auth/db-testing";
import { finishLogin } from "@/server/auth/login/second-factor";
import { anotherInstance } from "@/server/auth/testing";
import { listFactors } from "./list-factors";
import { outcomeOf, useSecondFactors } from "./testing";
import { totpCode } from "./totp";

const { database, presentStep, enrolled, begin, finish, sessionsOf, whileWaiting } = useSecondFactors();
type Finish = { db: Kysely<Database>; run: typeof finishLogin };
let instances: Finish[] = [];

beforeAll(async () => {
  const { readRevocations, finishLogin: run } = await anotherInstance(async () => ({
    ...(await import("@/server/auth/login/second-factor")),
    ...(await import("@/server/auth/sessions/revocation-feed")),
  }));
  const other = connect(database.url);
  await readRevocations(other);
  instances = [
    { db: database.db, run: finishLogin },
    { db: other, run },
  ];
});
afterAll(() => instances[1]?.db.destroy());

/** Locks the rows of codes of an account, as a purge or a backup does. */
const lockRows = (table: "totpSecrets" | "recoveryCodes" | "challenges", userId: string) => (trx: Kysely<Database>) =>
  trx.selectFrom(table).select("userId").where("userId", "=", userId).forUpdate().execute();

describe("concurrent second steps of logins:", () => {
  test("one code of an app on two instances at once opens one session", async () => {
    const { email, secret, userId } = await enrolled();
    const steps = [await begin(email), await begin(email)];
    const code = totpCode(secret, await presentStep());
    let outcomes: Promise<string>[] = [];
    await whileWaiting(
      lockRows("totpSecrets", userId),
      () => (outcomes = instances.map((on, index) => outcomeOf(finish(steps[index]!, "totp", code, on)))),
      2,
    );
    expect((await Promise.all(outcomes)).sort()).toEqual(["SECOND_FACTOR_WRONG", "signed in"]);
    expect(await sessionsOf(userId)).toHaveLength(2);
  });

  test("one recovery code in fourteen logins on two instances at once opens one session", async () => {
    const { email, recoveryCodes, userId } = await enrolled();
    const steps: Awaited<ReturnType<typeof begin>>[] = [];
    for (let count = 0; count < 14; count++) steps.push(await begin(email));
    const outcomes: Promise<string>[] = [];
    const start = (index: number) =>
      outcomes.push(outcomeOf(finish(steps[index]!, "recovery-code", recoveryCodes[2]!, instances[index % 2])));
    await whileWaiting(
      lockRows("recoveryCodes", userId),
      () => [0, 1].forEach(start),
      2,
      // Those that the limit of wrong codes lets pass wait for the first two.
      async () => Array.from({ length: 12 }, (_, index) => index + 2).forEach(start),
    );
    const all = await Promise.all(outcomes);
    expect(all).toHaveLength(14);
    expect(all.filter((outcome) => outcome === "signed in")).toHaveLength(1);
    expect(await sessionsOf(userId)).toHaveLength(2);
  });

  test("one challenge with two right codes at once opens one session, and uses one of them", async () => {
    const { email, recoveryCodes, userId, caller } = await enrolled();
    const step = await begin(email);
    let outcomes: Promise<string>[] = [];
    await whileWaiting(
      lockRows("challenges", userId),
      () =>
        (outcomes = instances.map((on, index) => outcomeOf(finish(step, "recovery-code", recoveryCodes[index]!, on)))),
      2,
    );
    expect((await Promise.all(outcomes)).sort()).toEqual(["SIGNED_OUT", "signed in"]);
    expect(await sessionsOf(userId)).toHaveLength(2);
    expect(await listFactors(database.db, caller, T0)).toMatchObject({ recoveryCodes: { remaining: 9 } });
  });
});

test("the last five recovery codes at once, each in a login of its own, make one new set, which one login returns", async () => {
  const { email, recoveryCodes, userId, caller } = await enrolled();
  const rows = database.db.updateTable("recoveryCodes").where("userId", "=", userId);
  await rows.where("number", ">", 5).set({ usedAt: T0 }).execute();
  const steps: Awaited<ReturnType<typeof begin>>[] = [];
  for (let count = 0; count < 5; count++) steps.push(await begin(email));
  // The mutex of a process is kept for each pool.
  const pools = steps.map(() => connect(database.url, { poolSize: 1 }));
  let logins: ReturnType<typeof finish>[] = [];
  await whileWaiting(
    lockRows("recoveryCodes", userId),
    () => (logins = pools.map((db, index) => finish(steps[index]!, "recovery-code", recoveryCodes[index]!, { db }))),
    5,
  );
  const made = (await Promise.all(logins)).map((login) => login.recoveryCodes?.length);
  await Promise.all(pools.map((db) => db.destroy()));
  expect(made.filter((length) => length !== undefined)).toEqual([10]);
  expect(await listFactors(database.db, caller, T0)).toMatchObject({ recoveryCodes: { remaining: 10 } });
});

test("useTotpStep is true for one of several concurrent calls with one step on two pools", async () => {
  const { userId, caller } = await enrolled();
  const { secret } = await database.db
    .selectFrom("totpSecrets")
    .select("secret")
    .where("userId", "=", userId)
    .executeTakeFirstOrThrow();
  const used = { secret: secret!, reencrypted: secret!, lastStep: await presentStep() };
  const use = { kind: "step-up", sessionId: caller.session.id, methods: "otp" } as const;
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) => useTotpStep(instances[index % 2]!.db, userId, used, use, T0)),
  );
  expect(results.filter(Boolean)).toHaveLength(1);
});
