import { opened, rowOf, withEnd, withSession, withUser, type SessionModel, withNotice } from "./model";
import type { Operation } from "./operations";
import { grantFor, judge } from "./refresh-rules";
import {
  checkCaller,
  checkOwnSession,
  isOwnSessionLive,
  SESSION_ENDED,
  DONE,
  end,
  endMany,
  named,
  noticeAll,
  noticeEnd,
  userOf,
  welcomes,
  type Step,
} from "./steps";

type Steps = { [Kind in Operation["kind"]]: Step<Extract<Operation, { kind: Kind }>>[] };

/** A user is read before anything is decided: rights may be as old as the request, not older. */
const seeUser: Step<Extract<Operation, { kind: "refresh" }>> = (model, { token }, notes) => {
  const session = rowOf(model, token.session);
  return [{ model, notes: { ...notes, role: session ? model.users[session.user]!.role : "" } }];
};

/** What every operation does, step by step. Between two steps anybody else may do one. */
export const STEPS: Steps = {
  refresh: [seeUser, judge, end, noticeEnd],

  login: [
    (model, { user, password }, notes) => {
      const known = model.users[user]!;
      if (known.password !== password || known.isDisabled) {
        return [{ model, notes, outcome: { kind: "refused", reason: "INVALID_CREDENTIALS" } }];
      }
      return [{ model, notes: { ...notes, epoch: known.epoch, role: known.role } }];
    },
    (model, { user, place, remember, presented, at }, notes) => {
      const { epoch, isDisabled } = model.users[user]!;
      if (epoch !== notes.epoch || isDisabled) {
        return [{ model, notes, outcome: { kind: "refused", reason: "UNAVAILABLE" } }];
      }
      const session = opened(user, notes.newToken, place, remember, at);
      const sessions = { ...model.sessions, [notes.newSession]: session };
      const opening = { ...model, sessions, made: [...model.made, notes.newToken] };
      const granted = grantFor(opening, notes.newSession, notes.role!, at, true);
      const ending = named(presented, at, "replaced by login");
      const after = ending ? withEnd(opening, ending.session, ending.reason) : opening;
      return [{ model: after, notes: { ...notes, ending, outcome: { kind: "signed in", ...granted } } }];
    },
    noticeEnd,
  ],

  logout: [
    (model, { presented, at }, notes) => {
      return [{ model, notes: { ...notes, outcome: DONE, ending: named(presented, at, "logout") } }];
    },
    end,
    noticeEnd,
    (model, { access, place, at }, notes) => {
      const isReadable = access !== null && at < access.expiresAt && place === access.place;
      const ending = isReadable ? { session: access.session, reason: "logout" } : undefined;
      return [{ model, notes: { ...notes, ending } }];
    },
    end,
    noticeEnd,
  ],

  "log out everywhere": [
    checkCaller,
    checkOwnSession,
    (model, operation, notes) => {
      const [after] = endMany(model, userOf(model, operation), "logout everywhere", operation.at);
      return [{ model: after, notes: { ...notes, outcome: DONE } }];
    },
    // Its own session above all, even if the row has been purged meanwhile.
    (model, { access, instance }, notes) => [{ model: withNotice(model, instance, [access.session]), notes }],
    noticeAll,
  ],

  "log others out": [
    checkCaller,
    checkOwnSession,
    (model, operation, notes) => {
      const [after, count] = endMany(
        model,
        userOf(model, operation),
        "revoked by user",
        operation.at,
        operation.access.session,
      );
      return [{ model: after, notes: { ...notes, outcome: { kind: "done", count } } }];
    },
    noticeAll,
  ],

  revoke: [
    checkCaller,
    checkOwnSession,
    (model, operation, notes) => {
      if (rowOf(model, operation.target)?.user !== userOf(model, operation)) {
        return [{ model, notes, outcome: { kind: "refused", reason: "NOT_FOUND" } }];
      }
      return [
        { model, notes: { ...notes, outcome: DONE, ending: { session: operation.target, reason: "revoked by user" } } },
      ];
    },
    end,
    noticeEnd,
  ],

  "change password": [
    checkCaller,
    (model, operation, notes) => {
      if (!isOwnSessionLive(model, operation)) return [{ model, notes, outcome: SESSION_ENDED }];
      const { password, role } = model.users[userOf(model, operation)]!;
      if (password !== operation.from)
        return [{ model, notes, outcome: { kind: "refused", reason: "WRONG_PASSWORD" } }];
      return [{ model, notes: { ...notes, password, role } }];
    },
    checkOwnSession,
    // All at one instant: the new password, the end of every session and the one that takes the place of the caller's.
    (model, operation, notes) => {
      const { at, place, access } = operation;
      const user = userOf(model, operation);
      if (model.users[user]!.password !== notes.password) {
        return [{ model, notes, outcome: { kind: "refused", reason: "WRONG_PASSWORD" } }];
      }
      const [ended] = endMany(model, user, "password changed", at);
      const session = opened(user, notes.newToken, place, model.sessions[access.session]!.remember, at);
      const sessions = { ...ended.sessions, [notes.newSession]: session };
      const made = [...ended.made, notes.newToken];
      const after = withUser({ ...ended, sessions, made }, user, { password: operation.to });
      const granted = grantFor(after, notes.newSession, notes.role!, at, true);
      return [{ model: after, notes: { ...notes, outcome: { kind: "signed in", ...granted } } }];
    },
    (model, { access, instance }, notes) => [{ model: withNotice(model, instance, [access.session]), notes }],
    noticeAll,
  ],

  visit: [
    (model, operation, notes) =>
      welcomes(model, operation).map((isWelcome) => ({
        model,
        notes,
        outcome: { kind: isWelcome ? "welcome" : "not welcome" },
      })),
  ],

  "read the feed": [noticeAll],

  purge: [
    (model, { at, olderThan, isAlone }, notes) => {
      // Revocations carry the database's clock, and that is far behind the histories'.
      const isOver = ({ ended, idleAt }: SessionModel) => ended !== null || idleAt < at - olderThan;
      const over = Object.keys(model.sessions).filter((name) => rowOf(model, name) && isOver(model.sessions[name]!));
      // It waits for nobody: what somebody else has locked may be left for the next time.
      return (isAlone ? [over] : subsetsOf(over)).map((gone) => ({
        model: gone.reduce((so, name) => withSession(so, name, { isPurged: true }), model),
        notes,
        outcome: { kind: "done", count: gone.length },
      }));
    },
  ],

  disable: [(model, { user }, notes) => [{ model: withUser(model, user, { isDisabled: true }), notes, outcome: DONE }]],
  enable: [(model, { user }, notes) => [{ model: withUser(model, user, { isDisabled: false }), notes, outcome: DONE }]],
  "change role": [(model, { user, role }, notes) => [{ model: withUser(model, user, { role }), notes, outcome: DONE }]],
};

function subsetsOf(names: string[]): string[][] {
  return names.reduce<string[][]>((sets, name) => [...sets.map((set) => [...set, name]), ...sets], [[]]);
}
