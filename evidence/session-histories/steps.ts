import { rowOf, sessionsOf, withEnd, withNotice, withUser, type Model } from "./model";
import type { Operation, Outcome, RefreshFacts } from "./operations";

/** What an operation remembers from one of its steps to the next. */
export interface Notes {
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
export interface Turn {
  model: Model;
  notes: Notes;
  outcome?: Outcome;
}

/** One indivisible change: all that may happen next, for there can be a choice. */
export type Step<Of extends Operation = Operation> = (model: Model, operation: Of, notes: Notes) => Turn[];

export const DONE: Outcome = { kind: "done" };

export const end: Step = (model, _, notes) => {
  if (notes.ending === undefined) return [{ model, notes }];
  return [{ model: withEnd(model, notes.ending.session, notes.ending.reason), notes }];
};

/** The instance that ends a session knows before it answers. */
export const noticeEnd: Step = (model, { instance }, notes) => {
  const name = notes.ending?.session;
  return [{ model: name && rowOf(model, name) ? withNotice(model, instance, [name]) : model, notes }];
};

export const noticeAll: Step = (model, { instance }, notes) => {
  const ended = Object.keys(model.sessions).filter((name) => rowOf(model, name)?.ended != null);
  return [{ model: withNotice(model, instance, ended), notes: { outcome: DONE, ...notes } }];
};

export type Called = Extract<
  Operation,
  { kind: "visit" | "revoke" | "change password" | "log out everywhere" | "log others out" }
>;

/** The access token decides, and the news of revocations: old news may let a revoked caller pass, news must not. */
export const welcomes = (model: Model, { access, place, at, instance }: Called): boolean[] => {
  if (at >= access.expiresAt || place !== access.place) return [false];
  if (model.noticed.includes(`${instance} ${access.session}`)) return [false];
  return model.sessions[access.session]?.ended == null ? [true] : [true, false];
};

export const checkCaller: Step<Called> = (model, operation, notes) =>
  welcomes(model, operation).map((isWelcome) =>
    isWelcome ? { model, notes } : { model, notes, outcome: { kind: "refused", reason: "SIGNED_OUT" } },
  );

export const SESSION_ENDED: Outcome = { kind: "refused", reason: "SESSION_ENDED" };

export const isOwnSessionLive = (model: Model, { access, at }: Called): boolean => {
  const session = rowOf(model, access.session);
  return session !== null && session.ended === null && at < session.idleAt && !model.users[session.user]!.isDisabled;
};

/**
 * What changes sessions or credentials looks at the row of the caller's own session, whatever the news say. A step before the change:
 * of two who end each other's session at the same time both may be live still when they look.
 */
export const checkOwnSession: Step<Called> = (model, operation, notes) => [
  isOwnSessionLive(model, operation) ? { model, notes } : { model, notes, outcome: SESSION_ENDED },
];

export const userOf = (model: Model, { access }: Called) => model.sessions[access.session]!.user;

/** Every login under way dies with the sessions: it read an older epoch. Counted is what the list would show. */
export const endMany = (model: Model, user: string, reason: string, at: number, keep?: string): [Model, number] => {
  const epoch = model.users[user]!.epoch + 1;
  const ending = sessionsOf(model, user).filter(([name, { ended }]) => ended === null && name !== keep);
  const after = ending.reduce((so, [name]) => withEnd(so, name, reason), withUser(model, user, { epoch }));
  return [after, ending.filter(([, { idleAt }]) => idleAt > at).length];
};

export const named = (presented: RefreshFacts | null, at: number, reason: string) =>
  presented === null || presented.isForged || at >= presented.expiresAt
    ? undefined
    : { session: presented.session, reason };
