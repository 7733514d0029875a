import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findListedFactors, listPasskeys } from "@/db/tables/factors";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";

/** As shown to the owner, without secrets. Instants are ISO 8601 strings. */
export interface ListedFactors {
  password: boolean;
  totp: { confirmedAt: string } | null;
  /** Null if no set was made. */
  recoveryCodes: { remaining: number } | null;
  /** Oldest first. */
  passkeys: { id: string; name: string; createdAt: string; lastUsedAt: string | null; backedUp: boolean }[];
}

/** Refuses a caller whose session has ended. */
export async function listFactors(db: Kysely<Database>, caller: Caller, now: Date): Promise<ListedFactors> {
  const ids = callerIds(caller);
  const factors = await findListedFactors(db, ids, now);
  if (factors === undefined) throw new Refusal("SESSION_ENDED");
  const passkeys = await listPasskeys(db, ids.userId);
  return {
    password: factors.passwordHash !== "",
    totp: factors.totpConfirmedAt && { confirmedAt: factors.totpConfirmedAt.toISOString() },
    recoveryCodes: factors.madeCodes === 0 ? null : { remaining: factors.recoveryCodes },
    passkeys: passkeys.map(({ createdAt, lastUsedAt, backedUp, ...passkey }) => ({
      ...passkey,
      createdAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
      backedUp: Boolean(backedUp),
    })),
  };
}
