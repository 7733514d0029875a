import type { Instance } from "./instance";
import type { History } from "./history";
import { SECONDS } from "./model";
import { readRows, writeBack } from "./database-state";

/** What must hold when a history is over, whatever happened in it: looked for by presenting every token that was ever made. */
export async function checkAftermath(history: History): Promise<void> {
  checkLimits(history);
  await checkAccess(history);
  for (const later of [0, SECONDS.grace + 1]) await checkLineages(history, history.at + later);
}

/** No lifetime exceeds the absolute limit. */
function checkLimits(history: History): void {
  const { ledger, models } = history;
  for (const { session, expiresAt } of [...ledger.refreshTokens, ...ledger.accessTokens]) {
    const limit = models[0]!.sessions[session]!.openedAt + SECONDS.absolute;
    if (expiresAt > limit) history.fail(`A token of ${session} lives until ${expiresAt}, longer than ${limit}`);
  }
}

/** When every instance has read the news, it turns away the access tokens of revoked sessions, and nobody else. */
async function checkAccess(history: History): Promise<void> {
  const { ledger, at } = history;
  for (const instance of [0, 1]) {
    history.explainAnswer(await history.call({ kind: "read the feed", instance, at }));
    for (const access of ledger.accessTokens) {
      const visit = { kind: "visit" as const, instance, at, access, place: access.place };
      history.explainAnswer(await history.call(visit));
    }
  }
}

/**
 * One session has one live lineage, and nothing works after a revocation: of all its tokens only the two that the row names do.
 * Every token finds the rows as the history left them.
 */
async function checkLineages(history: History, at: number): Promise<void> {
  const [{ db }] = history.instances as [Instance];
  const { ledger, models } = history;
  const { sessions } = await readRows(db);

  for (const token of ledger.refreshTokens.slice()) {
    const { place } = models[0]!.sessions[token.session]!;
    const call = await history.call({ kind: "refresh", instance: 0, at, token, place });
    history.explainAnswer(call);
    history.models = models;

    const row = sessions.find(({ id }) => id === ledger.idOf(token.session));
    if (row?.revokedAt === null) await writeBack(db, row);
    if (call.outcome?.kind !== "refreshed") continue;
    if (row?.revokedAt !== null) history.fail(`${token.name} works after the revocation`);
    const named = [row.currentNonce, row.previousNonce].map((nonce) => nonce && ledger.nameNonce(token.session, nonce));
    if (!named.includes(token.name)) history.fail(`${token.name} works beside ${named.join(" and ")}`);
  }
}
