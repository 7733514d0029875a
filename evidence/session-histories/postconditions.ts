import type { Instance } from "./instance";
import type { History } from "./history";
import { SECONDS } from "./model";
import { readRows, restoreRow } from "./database-state";

/** Checks what must hold after every history, by presenting every token that was ever issued. */
export async function checkPostconditions(history: History): Promise<void> {
  checkExpiries(history);
  await checkAccessTokens(history);
  for (const later of [0, SECONDS.grace + 1]) await checkTokenFamilies(history, history.at + later);
}

/** No token outlives the absolute limit of its session. */
function checkExpiries(history: History): void {
  const { registry, models } = history;
  for (const { session, expiresAt } of [...registry.refreshTokens, ...registry.accessTokens]) {
    const limit = models[0]!.sessions[session]!.openedAt + SECONDS.absolute;
    if (expiresAt > limit)
      history.fail(`A token of ${session} expires at ${expiresAt}, after the absolute limit ${limit}`);
  }
}

/** After reading the revocation feed, every instance rejects the access tokens of revoked sessions and no others. */
async function checkAccessTokens(history: History): Promise<void> {
  const { registry, at } = history;
  for (const instance of [0, 1]) {
    history.explainOutcome(await history.call({ kind: "read the feed", instance, at }));
    for (const access of registry.accessTokens) {
      const authenticate = { kind: "authenticate" as const, instance, at, access, place: access.place };
      history.explainOutcome(await history.call(authenticate));
    }
  }
}

/**
 * A session has one token family: only the two tokens in its row are accepted, and none after a revocation. The row is
 * restored after each token, so that every token is checked against the final state of the history. What the check itself issues or
 * revokes is forgotten: otherwise the restored row would be one whose last commit the database has lost.
 */
async function checkTokenFamilies(history: History, at: number): Promise<void> {
  const [{ db, forgetRevocation }] = history.instances as [Instance];
  const { registry, models } = history;
  const { sessions } = await readRows(db);

  for (const token of registry.refreshTokens.slice()) {
    const { place } = models[0]!.sessions[token.session]!;
    const forget = registry.snapshot();
    const call = await history.call({ kind: "refresh", instance: 0, at, token, place });
    history.explainOutcome(call);
    history.models = models;
    forget();

    const row = sessions.find(({ id }) => id === registry.idOf(token.session));
    if (row?.revokedAt === null) {
      await restoreRow(db, row);
      forgetRevocation(row.id);
    }
    if (call.outcome?.kind !== "refreshed") continue;
    if (row?.revokedAt !== null) history.fail(`${token.name} is accepted after the revocation`);
    const namedByRow = [row.currentNonce, row.previousNonce].map(
      (nonce) => nonce && registry.nameNonce(token.session, nonce),
    );
    if (!namedByRow.includes(token.name)) history.fail(`${token.name} is accepted beside ${namedByRow.join(" and ")}`);
  }
}
