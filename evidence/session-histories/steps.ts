import { rowOf, sessionsOf, withEnd, withKnownRevocations, withUser, type Model } from "./model";
import type { Operation, Outcome, RefreshFacts } from "./operations";

/** What an operation remembers from one of its steps to the next. */
export interface LocalState {
  /** How a token or session is called that the operation makes. */
  newToken: string;
  newSession: string;
  role?: string;
  password?: number;
  epoch?: number;
  ending?: { session: string; reason: string };
  /** What will be answered when all steps are done. */
  outcome?: Outcome;
}

/** After a step. With an outcome the operation is over. */
export interface StepResult {
  model: Model;
  local: LocalState;
  outcome?: Outcome;
}

/** One indivisible change: all that may happen next, for there can be a choice. */
export type Step<Of extends Operation = Operation> = (model: Model, operation: Of, local: LocalState) => StepResult[];

export const DONE: Outcome = { kind: "done" };

export const endSession: Step = (model, _, local) => {
  if (local.ending === undefined) return [{ model, local }];
  return [{ model: withEnd(model, local.ending.session, local.ending.reason), local }];
};

/** The instance that ends a session knows before it answers. */
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
  { kind: "authenticate" | "revoke" | "change password" | "log out everywhere" | "log others out" }
>;

/** The access token decides, and the news of revocations: old news may let a revoked caller pass, news must not. */
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
 * What changes sessions or credentials looks at the row of the caller's own session, whatever the news say. A step before the change:
 * of two who end each other's session at the same time both may be live still when they look.
 */
export const checkOwnSession: Step<CallerOperation> = (model, operation, local) => [
  isOwnSessionLive(model, operation) ? { model, local } : { model, local, outcome: SESSION_ENDED },
];

export const userOf = (model: Model, { access }: CallerOperation) => model.sessions[access.session]!.user;

/** Every login under way dies with the sessions: it read an older epoch. Counted is what the list would show. */
export const endSessions = (model: Model, user: string, reason: string, at: number, keep?: string): [Model, number] => {
  const epoch = model.users[user]!.epoch + 1;
  const ending = sessionsOf(model, user).filter(([name, { ended }]) => ended === null && name !== keep);
  const after = ending.reduce((so, [name]) => withEnd(so, name, reason), withUser(model, user, { epoch }));
  return [after, ending.filter(([, { idleAt }]) => idleAt > at).length];
};

export const sessionEndOf = (presented: RefreshFacts | null, at: number, reason: string) =>
  presented === null || presented.isForged || at >= presented.expiresAt
    ? undefined
    : { session: presented.session, reason };
