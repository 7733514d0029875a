import { sql, type Kysely } from "kysely";
import { beforeAll, expect, vi } from "vitest";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { useTestDatabase } from "@/db/testing";
import { callerWith, later, PASSWORD, signedInSession, T0 } from "@/server/auth/db-testing";
import { login } from "@/server/auth/login/login";
import { finishLogin } from "@/server/auth/login/second-factor";
import { hashPassword } from "@/server/auth/passwords/password";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA, newClient } from "@/server/auth/testing";
import { beginTotp, confirmTotp } from "./enrol-totp";
import { totpCode, totpStep } from "./totp";
import { decryptTotpSecret } from "./totp-secret";

type CodeMethod = "totp" | "recovery-code";

/** A database for the tests of a file, accounts with an app and recovery codes in it, and their logins in two steps. */
export function useSecondFactors() {
  const database = useTestDatabase();
  const passwordHash = hashPassword(PASSWORD);
  beforeAll(() => readRevocations(database.db));

  async function presentStep() {
    const { rows } = await sql<{ now: Date }>`select utc_timestamp(3) as now`.execute(database.db);
    return totpStep(rows[0]!.now);
  }

  /** Its app's clock is right, and its last code is one of the past. */
  async function enrolled() {
    const own = await signedInSession(database.db, T0, { passwordHash: await passwordHash });
    const caller = await callerWith(own);
    await beginTotp(database.db, caller, T0);
    const secret = await pendingSecretOf(own.userId);
    const code = totpCode(secret, (await presentStep()) - 3);
    const { recoveryCodes } = await confirmTotp(database.db, caller, code, ADA, T0);
    const totp = database.db.updateTable("totpSecrets").where("userId", "=", own.userId);
    await totp.set({ driftSteps: 0 }).execute();
    return { own, userId: own.userId, caller, secret, email: own.user.email, recoveryCodes: recoveryCodes! };
  }

  async function pendingSecretOf(userId: string) {
    const pending = database.db.selectFrom("totpSecrets").select("pendingSecret").where("userId", "=", userId);
    return decryptTotpSecret(userId, (await pending.executeTakeFirstOrThrow()).pendingSecret!)!;
  }

  /** The first step of a login, with the right password. */
  async function begin(
    email: string,
    client = newClient(),
    { remember = true, presented = null as string | null } = {},
  ) {
    const input = { email, password: PASSWORD, remember };
    const pending = await login(database.db, input, client, presented, later(10));
    if (pending.kind !== "second-factor") throw new Error("The login asks for no second factor.");
    return { client, token: pending.cookies[0]!.value, pending };
  }

  type Step = Awaited<ReturnType<typeof begin>>;

  /** The second step. `run`: that of another instance. */
  function finish(
    { client, token }: Pick<Step, "client" | "token">,
    method: CodeMethod,
    code: string,
    {
      db = database.db as Kysely<Database>,
      now = later(20),
      presented = null as string | null,
      run = finishLogin,
    } = {},
  ) {
    // A login does not await its decrement, which is counted, too.
    return run(db, { method, code }, token, client, presented, now).finally(() => hitCounter(db).flush());
  }

  const sessionsOf = (userId: string) =>
    database.db.selectFrom("sessions").selectAll().where("userId", "=", userId).orderBy("createdAt").execute();

  /** Runs while `count` updates of codes wait for what `lock` has locked. */
  async function whileWaiting(
    lock: (trx: Kysely<Database>) => Promise<unknown>,
    start: () => void,
    count: number,
    run = async () => {},
  ): Promise<void> {
    await database.db.transaction().execute(async (trx) => {
      await lock(trx);
      start();
      const waiting = sql`select 1 from information_schema.processlist
        where db = database() and id <> connection_id() and info regexp '^[[:space:]]*update .* as code join'`;
      await vi.waitFor(async () => expect((await waiting.execute(trx)).rows).toHaveLength(count), 20_000);
      await run();
    });
  }

  /** A connection for which the database's clock stands still in a step. */
  async function atStep<Result>(step: number, run: (db: Kysely<Database>) => Promise<Result>): Promise<Result> {
    const db = connect(database.url, { poolSize: 1 });
    try {
      await sql`set timestamp = ${step * 30 + 15}`.execute(db);
      return await run(db);
    } finally {
      await db.destroy();
    }
  }

  return { database, presentStep, atStep, enrolled, pendingSecretOf, begin, finish, sessionsOf, whileWaiting };
}

/** "signed in", or the reason of the refusal. */
export const outcomeOf = (finished: Promise<unknown>) =>
  finished.then(
    () => "signed in",
    (error: { reason?: string }) => error.reason ?? String(error),
  );
