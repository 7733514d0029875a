import {
  isSameKindOfBrowser,
  rowOf,
  SECONDS,
  WINDOWS_AT_MOST,
  withSession,
  type Model,
  type SessionModel,
} from "./model";
import type { Granted, Operation } from "./operations";
import type { Step, Turn } from "./steps";

type Refresh = Extract<Operation, { kind: "refresh" }>;

/** The table of verdicts, one paragraph a row. What it decides and what it writes happen at one instant. */
export const judge: Step<Refresh> = (model, { token, place, at }, notes): Turn[] => {
  if (token.isForged) return [{ model, notes, outcome: { kind: "unreadable" } }];
  if (at >= token.expiresAt) return [{ model, notes, outcome: { kind: "ended", reason: "over" } }];

  const session = rowOf(model, token.session);
  if (session === null) return [{ model, notes, outcome: { kind: "ended", reason: "over" } }];
  if (session.ended !== null) return [{ model, notes, outcome: { kind: "ended", reason: "over" } }];
  if (model.users[session.user]!.isDisabled) {
    return [{ model, notes: { ...notes, ...ending(token.session, "user disabled", "over") } }];
  }
  if (at >= session.idleAt || at >= session.absoluteAt) {
    return [{ model, notes, outcome: { kind: "ended", reason: "over" } }];
  }

  const sinceHanded = at - session.handedAt;
  const sinceRotated = at - session.rotatedAt;
  const refreshed = (verdict: string, changes: Partial<SessionModel>, sendsToken: boolean): Turn[] => {
    const after = withSession(model, token.session, changes);
    const made = changes.current === undefined ? after : { ...after, made: [...after.made, changes.current] };
    const granted = grantFor(made, token.session, notes.role!, at, sendsToken);
    return [{ model: made, notes, outcome: { kind: "refreshed", verdict, ...granted } }];
  };
  const successor = {
    current: notes.newToken,
    generation: session.generation + 1,
    rotatedAt: at,
    handedAt: at,
    idleAt: Math.min(at + SECONDS.idle, session.absoluteAt),
    place,
  };

  if (token.name === session.current && sinceHanded <= SECONDS.grace) return refreshed("fresh", {}, false);

  if (token.name === session.current) {
    return refreshed("rotate", { ...successor, previous: session.current }, true);
  }

  // One browser may send two user agents; what it gets here is worth nothing later.
  const isOtherBrowser = !isSameKindOfBrowser(place, session.place);
  if (token.name === session.previous && isOtherBrowser && sinceHanded <= SECONDS.grace) {
    return refreshed("fresh", {}, false);
  }

  const isPrevious = token.name === session.previous && !isOtherBrowser;
  if (isPrevious && sinceHanded <= SECONDS.grace && sinceRotated <= WINDOWS_AT_MOST * SECONDS.grace) {
    return refreshed("reissue", { handedAt: Math.max(session.handedAt, at) }, true);
  }

  // The successor may be on its way still, but nobody holds the window open any longer.
  if (isPrevious && sinceHanded <= SECONDS.grace) return refreshed("fresh", {}, false);

  if (isPrevious) return refreshed("recover", { ...successor, recoveries: session.recoveries + 1 }, true);

  return [{ model, notes: { ...notes, ...ending(token.session, "replayed", "replayed") } }];
};

/** What the holder gets from a session as it stands: no access token outlives the session, no cookie its token. */
export function grantFor(model: Model, name: string, role: string, at: number, sendsToken: boolean): Granted {
  const session = model.sessions[name]!;
  return {
    session: name,
    role,
    accessUntil: Math.min(at + SECONDS.access, session.absoluteAt),
    token: sendsToken ? session.current : null,
    keptFor: sendsToken && session.remember ? session.idleAt - at : null,
  };
}

function ending(session: string, reason: string, said: string) {
  return { ending: { session, reason }, outcome: { kind: "ended" as const, reason: said } };
}
