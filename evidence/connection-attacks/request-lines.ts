import type { AppLog } from "@/evidence/app-log";
import { pause } from "@/evidence/pause";
import { AttackGenerator } from "./attack-generator";

const WAIT_SECONDS = 10;

/**
 * The ids of attack requests that were processed but have no request line: those given, and those with other lines. Waits, because the
 * log is written asynchronously.
 */
export async function findUnloggedRequests(logs: readonly AppLog[], processedIds: Iterable<string>): Promise<string[]> {
  const ids = [...processedIds].filter(AttackGenerator.isAttackId);
  const deadline = Date.now() + WAIT_SECONDS * 1000;
  for (;;) {
    const unfinished = logs.flatMap((log) => log.unfinished(AttackGenerator.isAttackId));
    const missing = logs.reduce((left, log) => log.withoutRequestLine(left), ids);
    if (unfinished.length + missing.length === 0 || Date.now() > deadline) return [...unfinished, ...missing];
    await pause(20);
  }
}
