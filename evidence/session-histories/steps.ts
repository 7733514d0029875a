import { rowOf, sessionsOf, withEnd, withKnownRevocations, withUser, type Model } from "./model";
import type { Operation, Outcome, RefreshFacts } from "./operations";

/** What an operation carries from one step to the next. */
export interface LocalState {
  /** The names of the token and session that the operation creates. */
  newToken: string;
  newSession: string;
  role?: string;
  password?: number;
  epoch?: number;
  ending?: { session: string; reason: string };
  /** The outcome after the last step. */
  outcome?: Outcome;
}

/** The result of a step. An outcome ends the operation. */
export interface StepResult {
  model: Model;
  local: LocalState;
  outcome?: Outcome;
}

/** One atomic step: all possible results, since a step may be nondeterministic. */
export type Step<Of extends Operation = Operation> = (model: Model, operation: Of, local: LocalState) => StepResult[];

export const DONE: Outcome = { kind: "done" };

export const endSession: Step = (model, _, local) => {
  if (local.ending === undefined) return [{ model, local }];
  return [{ model: withEnd(model, local.ending.session, local.ending.reason), local }];
};

/** The instance that ends a session knows the revocation before it responds. */
export const recordOwnRevocation: Step = (model, { instance }, local) => {
  const name = local.ending?.session;
  return [{ model: name && rowOf(model, name) ? withKnownRevocations(model, instance, [name]) : model, local }];
};

export const readRevocations: Step = (model, { instance }, local) => {
  const ended = Object.keys(model.sessions).filter((name) => rowOf(model, name)?.ended != null);
  return [{ model: withKnownRevocations(model, instance, ended), local: { outcome: DONE, ...local } }];
};

export type CallerOperation = Extract<
  Operation,
  {
    kind:
      | "authenticate"
      | "revoke"
      | "change password"
      | "request address change"
      | "log out everywhere"
      | "log others out";
  }
>;

/** The access token and the known revocations decide. An instance that has not read a revocation yet may accept or reject. */
export const accessDecisions = (model: Model, { access, place, at, instance }: CallerOperation): boolean[] => {
  if (at >= access.expiresAt || place !== access.place) return [false];
  if (model.knownRevocations.includes(`${instance} ${access.session}`)) return [false];
  return model.sessions[access.session]?.ended == null ? [true] : [true, false];
};

export const checkCaller: Step<CallerOperation> = (model, operation, local) =>
  accessDecisions(model, operation).map((isAccepted) =>
    isAccepted ? { model, local } : { model, local, outcome: { kind: "refused", reason: "SIGNED_OUT" } },
  );

export const SESSION_ENDED: Outcome = { kind: "refused", reason: "SESSION_ENDED" };

export const isOwnSessionLive = (model: Model, { access, at }: CallerOperation): boolean => {
  const session = rowOf(model, access.session);
  return session !== null && session.ended === null && at < session.idleAt && !model.users[session.user]!.isDisabled;
};

/**
 * Operations that change sessions or credentials check the row of the caller's own session, not only the revocation feed. The
 * check is a step of its own: two callers that end each other's session concurrently may both pass it.
 */
export const checkOwnSession: Step<CallerOperation> = (model, operation, local) => [
  isOwnSessionLive(model, operation) ? { model, local } : { model, local, outcome: SESSION_ENDED },
];

export const userOf = (model: Model, { access }: CallerOperation) => model.sessions[access.session]!.user;

/** Ends all sessions of a user; a concurrent login fails because it read an older epoch. Counts only those that had not expired. */
export const endSessions = (model: Model, user: string, reason: string, at: number, keep?: string): [Model, number] => {
  const epoch = model.users[user]!.epoch + 1;
  const ending = sessionsOf(model, user).filter(([name, { ended }]) => ended === null && name !== keep);
  const after = ending.reduce((before, [name]) => withEnd(before, name, reason), withUser(model, user, { epoch }));
  return [after, ending.filter(([, { idleAt }]) => idleAt > at).length];
};

export const sessionEndOf = (presented: RefreshFacts | null, at: number, reason: string) =>
  presented === null || presented.isForged || at >= presented.expiresAt
    ? undefined
    : { session: presented.session, reason };
