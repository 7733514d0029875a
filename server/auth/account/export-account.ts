import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { readPersonalData, type PersonalRow } from "@/db/tables/personal-data";
import { findUserOfLiveSession } from "@/db/tables/users";
import { readDetails } from "@/server/mail/outbox";
import { securityEvent } from "@/server/runtime/security-events";
import { callerIds, type Caller } from "@/server/auth/policy/credentials";
import { Refusal } from "@/server/auth/policy/refusals";
import { consume, exportLimit } from "@/server/auth/rate-limits/rate-limit";

/** An account has few rows of each kind, but a program could open sessions without end: reading all would block the process. */
const MAX_ROWS_PER_TABLE = 10_000;

export interface AccountExport {
  exportedAt: string;
  /** False if a table has more rows than an export contains: the newest are in it. */
  isComplete: boolean;
  account: PersonalRow;
  /** By table, newest first. */
  data: Record<string, PersonalRow[]>;
}

/** Everything that the database has about the caller, without secrets. Refuses a caller whose session has ended. */
export async function exportAccount(db: Kysely<Database>, caller: Caller, now: Date): Promise<AccountExport> {
  const ids = callerIds(caller);
  if ((await findUserOfLiveSession(db, ids, now)) === undefined) throw new Refusal("SESSION_ENDED");
  await consume(db, exportLimit(ids.userId), now);

  const { users: [account] = [], ...data } = Object.fromEntries(
    await readPersonalData(db, ids.userId, MAX_ROWS_PER_TABLE),
  );
  if (account === undefined) throw new Refusal("SESSION_ENDED");
  // The rest of the details are instructions to the job that composes the mail.
  data.outgoingMails = data.outgoingMails!.map(({ details, ...mail }) => ({
    ...mail,
    message: readDetails({ details: String(details) }).message,
  }));
  securityEvent("account-exported", ids);
  const isComplete = Object.values(data).every((rows) => rows.length < MAX_ROWS_PER_TABLE);
  return { exportedAt: now.toISOString(), isComplete, account, data };
}
