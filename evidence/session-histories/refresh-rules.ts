import { MAX_REPLICATION_LAG_SECONDS } from "@/server/auth/policy/lifetimes";
import {
  isSameKindOfBrowser,
  rowOf,
  SECONDS,
  MAX_GRACE_WINDOWS,
  withSession,
  type Model,
  type SessionModel,
} from "./model";
import type { IssuedFacts, Operation, Outcome, RefreshFacts } from "./operations";
import type { Step, StepResult } from "./steps";

type Refresh = Extract<Operation, { kind: "refresh" }>;

/** The verdict table, one paragraph for each row. Verdict and write are one atomic step. */
export const judge: Step<Refresh> = (model, { token, place, at, instance }, local): StepResult[] => {
  if (token.isForged) return [{ model, local, outcome: { kind: "unreadable" } }];
  if (at >= token.expiresAt) return [{ model, local, outcome: { kind: "ended", reason: "over" } }];

  const session = rowOf(model, token.session);
  if (session === null) return judgePurged(model, token, instance, at).map((outcome) => ({ model, local, outcome }));
  if (session.ended !== null) return [{ model, local, outcome: { kind: "ended", reason: "over" } }];
  if (model.users[session.user]!.isDisabled) {
    return [{ model, local: { ...local, ...ending(token.session, "user disabled", "over") } }];
  }
  if (at >= session.idleAt || at >= session.absoluteAt) {
    return [{ model, local, outcome: { kind: "ended", reason: "over" } }];
  }

  const handedAge = at - session.handedAt;
  const rotatedAge = at - session.rotatedAt;
  const refreshed = (verdict: string, changes: Partial<SessionModel>, sendsToken: boolean): StepResult[] => {
    const after = withSession(model, token.session, changes);
    const updated =
      changes.current === undefined ? after : { ...after, issuedTokens: [...after.issuedTokens, changes.current] };
    const issued = issuedFor(updated, token.session, local.role!, at, sendsToken);
    return [{ model: updated, local, outcome: { kind: "refreshed", verdict, ...issued } }];
  };
  const successor = {
    current: local.newToken,
    generation: session.generation + 1,
    rotatedAt: at,
    handedAt: at,
    idleAt: Math.min(at + SECONDS.idle, session.absoluteAt),
    place,
  };

  if (token.name === session.current && handedAge <= SECONDS.grace) return refreshed("fresh", {}, false);

  if (token.name === session.current) {
    return refreshed("rotate", { ...successor, previous: session.current }, true);
  }

  // One browser may send two user agents. It receives an access token only.
  const isOtherBrowser = !isSameKindOfBrowser(place, session.place);
  if (token.name === session.previous && isOtherBrowser && handedAge <= SECONDS.grace) {
    return refreshed("fresh", {}, false);
  }

  const isPrevious = token.name === session.previous && !isOtherBrowser;
  if (isPrevious && handedAge <= SECONDS.grace && rotatedAge <= MAX_GRACE_WINDOWS * SECONDS.grace) {
    return refreshed("reissue", { handedAt: Math.max(session.handedAt, at) }, true);
  }

  // The successor may still be in flight, but the cap stops reissues so that the window ends.
  if (isPrevious && handedAge <= SECONDS.grace) return refreshed("fresh", {}, false);

  if (isPrevious) return refreshed("recover", { ...successor, recoveries: session.recoveries + 1 }, true);

  return [{ model, local: { ...local, ...ending(token.session, "replayed", "replayed") } }];
};

/** A row that is not there may not have arrived yet, unless the token is old or the instance knows that the session was revoked. */
function judgePurged(model: Model, { session, issuedAt }: RefreshFacts, instance: number, at: number): Outcome[] {
  const ended: Outcome = { kind: "ended", reason: "over" };
  // Instants of a history are 300 ms after the whole second that a token names.
  if (at - issuedAt >= MAX_REPLICATION_LAG_SECONDS) return [ended];
  if (model.knownRevocations.includes(`${instance} ${session}`)) return [ended];
  const unavailable: Outcome = { kind: "refused", reason: "UNAVAILABLE" };
  return model.sessions[session]!.ended === null ? [unavailable] : [unavailable, ended];
}

/** The tokens that the session issues: no access token outlives the session, and no cookie outlives its token. */
export function issuedFor(model: Model, name: string, role: string, at: number, sendsToken: boolean): IssuedFacts {
  const session = model.sessions[name]!;
  return {
    session: name,
    role,
    accessExpiresAt: Math.min(at + SECONDS.access, session.absoluteAt),
    token: sendsToken ? session.current : null,
    cookieSeconds: sendsToken && session.remember ? session.idleAt - at : null,
  };
}

function ending(session: string, reason: string, said: string) {
  return { ending: { session, reason }, outcome: { kind: "ended" as const, reason: said } };
}
