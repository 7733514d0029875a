import { createSession, rowOf, withEnd, withSession, withUser, type SessionModel, withKnownRevocations } from "./model";
import { applyConfirmation, composeMail, findConfirmation, queueMail, supersede } from "./link-rules";
import type { Operation } from "./operations";
import { issuedFor, judge } from "./refresh-rules";
import {
  checkCaller,
  checkOwnSession,
  isOwnSessionLive,
  SESSION_ENDED,
  DONE,
  endSession,
  endSessions,
  sessionEndOf,
  readRevocations,
  recordOwnRevocation,
  userOf,
  accessDecisions,
  type Step,
} from "./steps";

type Steps = { [Kind in Operation["kind"]]: Step<Extract<Operation, { kind: Kind }>>[] };

/** Reads the user before the verdict, so that the role is at most as old as the request. */
const readUser: Step<Extract<Operation, { kind: "refresh" }>> = (model, { token }, local) => {
  const session = rowOf(model, token.session);
  return [{ model, local: { ...local, role: session ? model.users[session.user]!.role : "" } }];
};

/** The atomic steps of every operation. Steps of other operations may run between them. */
export const STEPS: Steps = {
  refresh: [readUser, judge, endSession, recordOwnRevocation],

  login: [
    (model, { user, email, password }, local) => {
      const known = model.users[user]!;
      if (known.email !== email || known.password !== password || known.isDisabled) {
        return [{ model, local, outcome: { kind: "refused", reason: "INVALID_CREDENTIALS" } }];
      }
      return [{ model, local: { ...local, epoch: known.epoch, role: known.role } }];
    },
    (model, { user, place, remember, presented, at }, local) => {
      const { epoch, isDisabled } = model.users[user]!;
      if (epoch !== local.epoch || isDisabled) {
        return [{ model, local, outcome: { kind: "refused", reason: "UNAVAILABLE" } }];
      }
      const session = createSession(user, local.newToken, place, remember, at);
      const sessions = { ...model.sessions, [local.newSession]: session };
      const opening = { ...model, sessions, issuedTokens: [...model.issuedTokens, local.newToken] };
      const issued = issuedFor(opening, local.newSession, local.role!, at, true);
      const ending = sessionEndOf(presented, at, "replaced by login");
      const after = ending ? withEnd(opening, ending.session, ending.reason) : opening;
      return [{ model: after, local: { ...local, ending, outcome: { kind: "signed in", ...issued } } }];
    },
    recordOwnRevocation,
  ],

  logout: [
    (model, { presented, at }, local) => {
      return [{ model, local: { ...local, outcome: DONE, ending: sessionEndOf(presented, at, "logout") } }];
    },
    endSession,
    recordOwnRevocation,
    (model, { access, place, at }, local) => {
      const isReadable = access !== null && at < access.expiresAt && place === access.place;
      const ending = isReadable ? { session: access.session, reason: "logout" } : undefined;
      return [{ model, local: { ...local, ending } }];
    },
    endSession,
    recordOwnRevocation,
  ],

  "log out everywhere": [
    checkCaller,
    checkOwnSession,
    (model, operation, local) => {
      const [after] = endSessions(model, userOf(model, operation), "logout everywhere", operation.at);
      return [{ model: after, local: { ...local, outcome: DONE } }];
    },
    // The caller's own session, even if its row has been purged in the meantime.
    (model, { access, instance }, local) => [{ model: withKnownRevocations(model, instance, [access.session]), local }],
    readRevocations,
  ],

  "log others out": [
    checkCaller,
    checkOwnSession,
    (model, operation, local) => {
      const [after, count] = endSessions(
        model,
        userOf(model, operation),
        "revoked by user",
        operation.at,
        operation.access.session,
      );
      return [{ model: after, local: { ...local, outcome: { kind: "done", count } } }];
    },
    readRevocations,
  ],

  revoke: [
    checkCaller,
    checkOwnSession,
    (model, operation, local) => {
      if (rowOf(model, operation.target)?.user !== userOf(model, operation)) {
        return [{ model, local, outcome: { kind: "refused", reason: "NOT_FOUND" } }];
      }
      return [
        { model, local: { ...local, outcome: DONE, ending: { session: operation.target, reason: "revoked by user" } } },
      ];
    },
    endSession,
    recordOwnRevocation,
  ],

  "change password": [
    checkCaller,
    (model, operation, local) => {
      if (!isOwnSessionLive(model, operation)) return [{ model, local, outcome: SESSION_ENDED }];
      const { password, role } = model.users[userOf(model, operation)]!;
      if (password !== operation.from)
        return [{ model, local, outcome: { kind: "refused", reason: "WRONG_PASSWORD" } }];
      return [{ model, local: { ...local, password, role } }];
    },
    checkOwnSession,
    // One atomic step: the new password, the end of every session, and the new session of the caller.
    (model, operation, local) => {
      const { at, place, access } = operation;
      const user = userOf(model, operation);
      if (model.users[user]!.password !== local.password) {
        return [{ model, local, outcome: { kind: "refused", reason: "WRONG_PASSWORD" } }];
      }
      const [ended] = endSessions(model, user, "password changed", at);
      const session = createSession(user, local.newToken, place, model.sessions[access.session]!.remember, at);
      const sessions = { ...ended.sessions, [local.newSession]: session };
      const issuedTokens = [...ended.issuedTokens, local.newToken];
      const changed = withUser({ ...ended, sessions, issuedTokens }, user, { password: operation.to });
      const whose = { user, email: changed.users[user]!.email, at };
      const after = supersede(changed, whose, ["reset-password", "change-email"]);
      const issued = issuedFor(after, local.newSession, local.role!, at, true);
      return [{ model: after, local: { ...local, outcome: { kind: "signed in", ...issued } } }];
    },
    (model, { access, instance }, local) => [{ model: withKnownRevocations(model, instance, [access.session]), local }],
    readRevocations,
  ],

  "request reset": [
    (model, { email }, local) => [
      { model: queueMail(model, { key: local.newSession, user: null, purpose: "reset-password", email }), local },
    ],
    composeMail,
  ],

  "request address change": [
    checkCaller,
    (model, operation, local) => {
      if (!isOwnSessionLive(model, operation)) return [{ model, local, outcome: SESSION_ENDED }];
      const { at, email } = operation;
      const user = userOf(model, operation);
      const whose = { user, email: model.users[user]!.email, kept: email, at };
      const mail = { key: local.newSession, user, purpose: "change-email", email } as const;
      return [{ model: queueMail(supersede(model, whose, ["change-email"]), mail), local }];
    },
    composeMail,
  ],

  "send notice": [
    (model, { user, email }, local) => [
      { model: queueMail(model, { key: local.newSession, user, purpose: "not-me", email }), local },
    ],
    composeMail,
  ],

  confirm: [findConfirmation, applyConfirmation, readRevocations],

  authenticate: [
    (model, operation, local) =>
      accessDecisions(model, operation).map((isAccepted) => ({
        model,
        local,
        outcome: { kind: isAccepted ? "accepted" : "rejected" },
      })),
  ],

  "read the feed": [readRevocations],

  purge: [
    (model, { at, olderThan, hasNoConcurrency }, local) => {
      // `revoked_at` uses the database's clock, which is far behind the clock of the histories, so every revoked session is purgeable.
      const isPurgeable = ({ ended, idleAt }: SessionModel) => ended !== null || idleAt < at - olderThan;
      const purgeable = Object.keys(model.sessions).filter(
        (name) => rowOf(model, name) && isPurgeable(model.sessions[name]!),
      );
      // A purge skips locked rows and leaves them to the next purge.
      return (hasNoConcurrency ? [purgeable] : subsetsOf(purgeable)).map((purged) => ({
        model: purged.reduce((before, name) => withSession(before, name, { isPurged: true }), model),
        local,
        outcome: { kind: "done", count: purged.length },
      }));
    },
  ],

  disable: [(model, { user }, local) => [{ model: withUser(model, user, { isDisabled: true }), local, outcome: DONE }]],
  enable: [(model, { user }, local) => [{ model: withUser(model, user, { isDisabled: false }), local, outcome: DONE }]],
  "change role": [(model, { user, role }, local) => [{ model: withUser(model, user, { role }), local, outcome: DONE }]],
};

function subsetsOf(names: string[]): string[][] {
  return names.reduce<string[][]>((sets, name) => [...sets.map((set) => [...set, name]), ...sets], [[]]);
}
