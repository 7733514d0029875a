import { sql, type Kysely, type RawBuilder, type Transaction } from "kysely";
import { writeRow } from "@/db/keyed-mutex";
import type { Database, User } from "@/db/schema";
import { lockUserRow } from "./confirmations";
import { findFactorRow, type FactorRow } from "./factors";
import { isSessionLive, type CallerIds } from "./sessions";
import { findUserOfLiveSession } from "./users";

/**
 * Runs `change` in a transaction that has locked the caller's account. *Caller ended*: the caller's session is not live, and nothing
 * was done.
 */
export async function changeFactors<Result>(
  db: Kysely<Database>,
  caller: CallerIds,
  now: Date,
  change: (trx: Transaction<Database>, user: User & FactorRow) => Promise<Result>,
): Promise<Result | "caller ended"> {
  return writeRow(db, caller.userId, () =>
    db.transaction().execute(async (trx) => {
      await lockUserRow(trx, caller.userId);
      const user = await findUserOfLiveSession(trx, caller, now);
      const factors = await findFactorRow(trx, caller.userId);
      if (user === undefined || factors === undefined) return "caller ended";
      return change(trx, { ...user, ...factors });
    }),
  );
}

/** What a code is used for: the second step of a login, or a step-up of a session, which records `methods` as its `amr`. */
export type CodeUse = { kind: "login"; challengeId: string } | { kind: "step-up"; sessionId: string; methods: string };

/** The code of the step `lastStep`. `secret`: as read; `reencrypted` replaces it. */
export interface UsedStep {
  secret: string;
  reencrypted: string;
  lastStep: number;
}

/** True for one of several calls with the same step, or with the same challenge. */
export async function useTotpStep(
  db: Kysely<Database>,
  userId: string,
  { secret, reencrypted, lastStep }: UsedStep,
  use: CodeUse,
  now: Date,
): Promise<boolean> {
  const set = sql`code.last_step = ${lastStep}, code.secret = ${reencrypted}`;
  const where = sql`code.secret = ${secret} and (code.last_step is null or code.last_step < ${lastStep})`;
  return useCode(db, userId, { table: "totp_secrets", set, where }, use, now);
}

/** True for one of several calls with the same code, or with the same challenge. `codeHash`: as read; a renewed code has another. */
export async function useRecoveryCode(
  db: Kysely<Database>,
  userId: string,
  { number, codeHash }: { number: number; codeHash: string },
  use: CodeUse,
  now: Date,
): Promise<boolean> {
  const set = sql`code.used_at = ${now}`;
  const where = sql`code.number = ${number} and code.code_hash = ${codeHash} and code.used_at is null`;
  return useCode(db, userId, { table: "recovery_codes", set, where }, use, now);
}

/** One statement for the code and for what it is used for: neither can be used without the other. */
async function useCode(
  db: Kysely<Database>,
  userId: string,
  code: { table: "totp_secrets" | "recovery_codes"; set: RawBuilder<unknown>; where: RawBuilder<unknown> },
  use: CodeUse,
  now: Date,
): Promise<boolean> {
  const target = use.kind === "login" ? challengeTarget(use, now) : sessionTarget(use, now);
  return writeRow(db, userId, async () => {
    const { numAffectedRows = 0n } = await sql`
      update ${sql.table(code.table)} as code join ${target.table} on target.user_id = code.user_id
      set ${code.set}, ${target.set}
      where code.user_id = ${userId} and ${code.where} and ${target.where}`.execute(db);
    return numAffectedRows > 0n;
  });
}

function challengeTarget({ challengeId }: { challengeId: string }, now: Date) {
  return {
    table: sql`challenges as target`,
    set: sql`target.used_at = ${now}`,
    where: sql`target.id = ${challengeId} and target.ceremony = 'login' and target.used_at is null
      and target.expires_at > ${now}`,
  };
}

/** The same conditions, index and columns as `recordAuthentication`. */
function sessionTarget({ sessionId, methods }: { sessionId: string; methods: string }, now: Date) {
  return {
    table: sql`sessions as target force index (primary)`,
    set: sql`target.authentication_methods = ${methods},
      target.authenticated_at = greatest(coalesce(target.authenticated_at, target.created_at), cast(${now} as datetime(3)))`,
    where: sql`target.id = ${sessionId} and target.revoked_at is null and target.idle_expires_at > ${now}
      and exists (select id from users where users.id = target.user_id and users.disabled_at is null)`,
  };
}

/** Whether what the code was to be used for is still possible: then the code was used by another request. */
export async function isUseOpen(db: Kysely<Database>, use: CodeUse, now: Date): Promise<boolean> {
  if (use.kind === "step-up") return isSessionLive(db, use.sessionId, now);
  const open = db
    .selectFrom("challenges")
    .select("id")
    .where("id", "=", use.challengeId)
    .where("usedAt", "is", null)
    .where("expiresAt", ">", now);
  return (await open.executeTakeFirst()) !== undefined;
}
