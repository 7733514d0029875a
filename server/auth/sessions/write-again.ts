import "server-only";
import type { Kysely } from "kysely";
import { isUnavailable } from "@/db/faults";
import type { Database } from "@/db/schema";
import { endSessionsAgain, revokeAgain } from "@/db/tables/lost-revocations";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import { markLossHandled, unhandledLoss } from "./database-loss";
import type { EndReason } from "./end-session";
import { knownEndings } from "./known-endings";

/** Attempts are this far apart, unless the database was unavailable: with false alarms without end the cost stays small. */
const ATTEMPT_INTERVAL_MILLISECONDS = 10_000;

interface Work {
  isRunning: boolean;
  lastAttemptAt: number;
  /** Revoked sessions whose row was not there: it may arrive later, from a node that lags. */
  missing: Set<string>;
}

const WORK = Symbol.for("portcullis.write-again");
const shared = globalThis as typeof globalThis & { [WORK]?: Work };
const work: Work = (shared[WORK] ??= { isRunning: false, lastAttemptAt: -Infinity, missing: new Set() });

/**
 * After a loss of commits was noticed: revokes again the sessions that this instance knows to be revoked, in batches, and repeats
 * what it knows of users; doing that again changes nothing. Sessions without a row are tried again as long as they are known. Never throws.
 */
export async function writeAgain(
  db: Kysely<Database>,
  known: ReadonlyMap<string, { reason: string | null }>,
): Promise<void> {
  const loss = unhandledLoss();
  if (loss === null && work.missing.size === 0) return;
  if (work.isRunning || performance.now() - work.lastAttemptAt < ATTEMPT_INTERVAL_MILLISECONDS) return;
  work.isRunning = true;
  work.lastAttemptAt = performance.now();
  try {
    const ids = loss === null ? [...work.missing].filter((id) => known.has(id)) : [...known.keys()];
    const otherwise: EndReason = "written again";
    const { revoked, missing } = await revokeAgain(
      db,
      ids.map((id) => [id, known.get(id)?.reason ?? otherwise]),
    );
    work.missing = new Set(missing);
    const users = loss === null ? 0 : await endSessionsAgain(db, knownEndings());
    if (loss !== null) markLossHandled(loss);
    if (loss === null && revoked === 0) return;
    const sign = loss?.sign ?? "late row";
    securityEvent("revocations-written-again", { sign, known: ids.length, revoked, missing: missing.length, users });
  } catch (error) {
    if (isUnavailable(error)) work.lastAttemptAt = -Infinity;
    else log.error({ err: error }, "known revocations cannot be written again");
  } finally {
    work.isRunning = false;
  }
}
