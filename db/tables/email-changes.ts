import type { Kysely } from "kysely";
import { writeRow } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { lockUserRow, supersede } from "./confirmations";
import { insertMail, type NewMail } from "./outgoing-mails";
import type { CallerIds } from "./sessions";
import { findUserOfLiveSession } from "./users";

/**
 * Queues the mails about a change of address, and supersedes a change to another one. False, and nothing done, if the caller's session
 * is not live.
 */
export async function queueEmailChange(
  db: Kysely<Database>,
  caller: CallerIds,
  { email, mails, now }: { email: string; mails: (NewMail | null)[]; now: Date },
): Promise<boolean> {
  const { userId } = caller;
  return writeRow(db, userId, () =>
    db.transaction().execute(async (trx) => {
      const user = await lockUserRow(trx, userId);
      if (user === undefined || (await findUserOfLiveSession(trx, caller, now)) === undefined) return false;
      await supersede(trx, { userId, email: user.email, purposes: ["change-email"], keepEmail: email, now });
      for (const mail of mails) await insertMail(trx, mail);
      return true;
    }),
  );
}
