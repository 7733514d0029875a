import { isDeepStrictEqual } from "node:util";
import type { Kysely } from "kysely";
import type { Confirmation, Database, SessionRow, User } from "@/db/schema";
import { CLIENTS, type Instance } from "./instance";
import { secondsAt, type TokenRegistry } from "./token-registry";
import { PLACES, type LinkModel, type LinkPurpose, type Model, type SessionModel, type UserModel } from "./model";
import type { Users } from "./execute-operation";
import { renameUnseen } from "./serial-order";

export interface Rows {
  sessions: SessionRow[];
  users: User[];
  confirmations: Confirmation[];
}

export async function readRows(db: Kysely<Database>): Promise<Rows> {
  const sessions = await db.selectFrom("sessions").selectAll().orderBy("id").execute();
  const users = await db.selectFrom("users").selectAll().orderBy("id").execute();
  const confirmations = await db.selectFrom("confirmations").selectAll().orderBy("createdAt").orderBy("id").execute();
  return { sessions, users, confirmations };
}

export async function restoreRow(db: Kysely<Database>, session: SessionRow): Promise<void> {
  await db.updateTable("sessions").set(session).where("id", "=", session.id).execute();
}

/** Each history needs an empty database because a purge affects the sessions of all users. */
export async function deleteAllUsers(db: Kysely<Database>): Promise<void> {
  await db.deleteFrom("users").execute();
}

/** An administrative change to a user; no procedure exists for it yet. */
export async function changeUser(
  db: Kysely<Database>,
  id: string,
  changes: { role?: string; disabledAt?: Date | null },
): Promise<void> {
  await db.updateTable("users").set(changes).where("id", "=", id).execute();
}

/** Records issued tokens whose response was lost, from their rows: an attacker could have intercepted them. */
export async function recordLostTokens(instance: Instance, registry: TokenRegistry, { sessions }: Rows): Promise<void> {
  for (const { id, generation, currentNonce, previousNonce, rotatedAt, idleExpiresAt } of sessions) {
    const nonces = { nonce: currentNonce, previousNonce };
    const issued = { sessionId: id, generation, ...nonces, issuedAt: rotatedAt, expiresAt: idleExpiresAt };
    registry.recordRefreshToken(await instance.mintRefreshToken(issued));
  }
}

/** Records the links of all mails, as their recipients receive them. */
export function recordLinks(
  { mintConfirmation }: Instance,
  registry: TokenRegistry,
  { confirmations }: Rows,
  users: Users,
): void {
  for (const row of confirmations)
    registry.recordLink({ id: row.id, ...factsOf(row, users), ...mintConfirmation(row) });
}

function factsOf({ userId, purpose, email, createdAt }: Confirmation, users: Users) {
  const user = Object.entries(users).find(([, { id }]) => id === userId)![0];
  return { user, purpose: purpose as LinkPurpose, email, openedAt: secondsAt(createdAt) };
}

type ObservedSession = Omit<SessionModel, "isPurged">;

export interface ObservedState {
  sessions: Record<string, ObservedSession>;
  users: Record<string, Omit<UserModel, "password">>;
  links: LinkModel[];
}

/** The rows as model state. */
export function observeState(rows: Rows, registry: TokenRegistry, users: Users): ObservedState {
  const nameOf = new Map(Object.entries(users).map(([name, { id }]) => [id, name]));
  const sessions = rows.sessions.map((row): [string, ObservedSession] => {
    const session = registry.nameSession(row.id);
    return [
      session,
      {
        user: nameOf.get(row.userId)!,
        remember: row.remember,
        generation: row.generation,
        current: registry.nameNonce(session, row.currentNonce),
        previous: row.previousNonce && registry.nameNonce(session, row.previousNonce),
        openedAt: secondsAt(row.createdAt),
        rotatedAt: secondsAt(row.rotatedAt),
        handedAt: secondsAt(row.handedAt),
        idleAt: secondsAt(row.idleExpiresAt),
        absoluteAt: secondsAt(row.absoluteExpiresAt),
        place: PLACES.find((place) => CLIENTS[place].address === row.ip)!,
        recoveries: row.recoveries,
        ended: row.revokedAt && row.revokedReason,
      },
    ];
  });
  const known = rows.users.map((row): [string, ObservedState["users"][string]] => [
    nameOf.get(row.id)!,
    { email: row.email, role: row.role, isDisabled: row.disabledAt !== null, epoch: row.sessionEpoch },
  ]);
  const links = rows.confirmations.map((row): LinkModel => {
    const spent = row.usedAt !== null ? "used" : row.supersededAt !== null ? "superseded" : null;
    return { ...factsOf(row, users), tries: row.codeTries, spent };
  });
  return { sessions: Object.fromEntries(sessions), users: Object.fromEntries(known), links: inOrder(links) };
}

/** The model with its unseen names replaced by the observed ones if it then equals the observed state; otherwise null. */
export function matchNames(model: Model, observed: ObservedState): Model | null {
  for (const name of Object.keys(observed.sessions)) {
    if (name in model.sessions) continue;
    const unseen = Object.keys(model.sessions).filter(
      (unseenName) => unseenName.startsWith("?") && !model.sessions[unseenName]!.isPurged,
    );
    for (const unseenName of unseen) {
      const renamed = renameUnseen(model, unseenName, name);
      const fits = renamed && matchNames(renamed, observed);
      if (fits) return fits;
    }
    return null;
  }
  for (const [name, { current }] of Object.entries(observed.sessions)) {
    const expected = model.sessions[name]!.current;
    if (expected.startsWith("?")) {
      const renamed = renameUnseen(model, expected, current);
      return renamed && matchNames(renamed, observed);
    }
  }
  return isDeepStrictEqual(expectedState(model), observed) ? model : null;
}

export function expectedState(model: Model): ObservedState {
  const sessions = Object.entries(model.sessions).flatMap(([name, { isPurged, ...row }]) =>
    isPurged ? [] : [[name, row]],
  );
  const users = Object.entries(model.users).map(([name, { password: _, ...user }]) => [name, user]);
  return { sessions: Object.fromEntries(sessions), users: Object.fromEntries(users), links: inOrder(model.links) };
}

/** As a set: links have no names. */
function inOrder(links: LinkModel[]): LinkModel[] {
  const keyed = links.map(({ user, purpose, email, openedAt, tries, spent }) => ({
    ...{ user, purpose, email, openedAt, tries, spent },
  }));
  return keyed.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}
