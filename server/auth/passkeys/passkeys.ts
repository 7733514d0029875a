import "server-only";
import type { Kysely } from "kysely";
import type { Database, Passkey } from "@/db/schema";
import { listPasskeys as findPasskeys, removePasskey as remove, renamePasskey as rename } from "@/db/tables/passkeys";
import { findUserOfLiveSession } from "@/db/tables/users";
import { isMailOn } from "@/server/mail/mail-settings";
import { newNotice } from "@/server/mail/notices";
import { securityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { factorsOf, mayRemove } from "@/server/auth/policy/ways-in";
import { relyingParty } from "./relying-party";

/** As the security page lists it. Instants are ISO 8601 strings. */
export interface DescribedPasskey {
  id: string;
  name: string;
  createdAt: string;
  lastUsedAt: string | null;
  /** Whether its provider keeps a copy, so that it outlives the device. */
  backedUp: boolean;
}

export function describePasskey({
  id,
  name,
  createdAt,
  lastUsedAt,
  backedUp,
}: Pick<Passkey, "id" | "name" | "createdAt" | "lastUsedAt" | "backedUp">): DescribedPasskey {
  return { id, name, createdAt: createdAt.toISOString(), lastUsedAt: lastUsedAt?.toISOString() ?? null, backedUp };
}

export async function listPasskeys(db: Kysely<Database>, userId: string): Promise<DescribedPasskey[]> {
  return (await findPasskeys(db, userId)).map(describePasskey);
}

/** Throws NOT_FOUND, also for a passkey of another account. */
export async function renamePasskey(
  db: Kysely<Database>,
  caller: Caller,
  { id, name }: { id: string; name: string },
  now: Date,
): Promise<void> {
  const ids = callerIds(caller);
  if (await rename(db, ids, { id, name, now })) return;
  throw new Refusal((await findUserOfLiveSession(db, ids, now)) === undefined ? "SESSION_ENDED" : "NOT_FOUND");
}

/** Throws NOT_FOUND, also for a passkey of another account, and LAST_WAY_IN. */
export async function removePasskey(
  db: Kysely<Database>,
  caller: Caller,
  id: string,
  client: Client,
  now: Date,
): Promise<void> {
  const ids = callerIds(caller);
  const outcome = await remove(db, ids, {
    ...{ id, now },
    mayRemove: (account, { rpId }) => {
      const { id: domain } = relyingParty();
      const ways = { emailVerified: account.emailVerifiedAt !== null, isMailOn: isMailOn() };
      return mayRemove({ ...factorsOf(account, domain), ...ways }, rpId === domain ? "passkey" : "other-passkey");
    },
    notice: ({ id: userId, email }) =>
      newNotice({ kind: "factor-changed", change: "A passkey was removed" }, { userId, email }, client, now),
  });
  switch (outcome) {
    case "removed":
      securityEvent("factor-removed", { ...ids, factor: "passkey", address: client.address });
      return;
    case "caller ended":
      throw new Refusal("SESSION_ENDED");
    case "missing":
      throw new Refusal("NOT_FOUND");
    case "kept":
      throw new Refusal("LAST_WAY_IN");
  }
}
