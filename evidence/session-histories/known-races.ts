import type { Command } from "./commands";
import { SECONDS } from "./model";
import type { Race } from "./race-generators";

const onFirst = { instance: 0, placeOffset: 0, crash: null };
const onSecond = { ...onFirst, instance: 1 };
const newest = { sessionIndex: 0, nth: 0 };
const previous = { sessionIndex: 0, nth: 1 };

const waitUntilDue: Command = { ...onFirst, kind: "wait", seconds: SECONDS.grace + 1 };
const rotate: Command = { ...onFirst, kind: "refresh", token: newest };
const untilWindowEnd: Command = { ...onFirst, kind: "wait", seconds: SECONDS.grace };

/** Two requests present the previous token just before and just after the end of the window; both are judged before either writes. */
export const ACROSS_WINDOW_END: Race = {
  setup: [waitUntilDue, rotate, untilWindowEnd],
  clients: [
    [{ command: { ...onFirst, kind: "refresh", token: previous }, clock: 0 }],
    [{ command: { ...onSecond, kind: "refresh", token: previous }, clock: 1 }],
  ],
  schedule: [0, 1],
};

const SESSION_ENDING_COMMANDS: Command[] = [
  { ...onSecond, kind: "log out everywhere", caller: 0 },
  { ...onSecond, kind: "logout", presented: newest, caller: null },
  { ...onSecond, kind: "revoke", caller: 0, target: 0 },
  { ...onSecond, kind: "log others out", caller: 1 },
  { ...onSecond, kind: "change password", caller: 1, isPasswordOld: false },
  { ...onSecond, kind: "refresh", token: { sessionIndex: 0, nth: "unissued" } },
  { ...onSecond, kind: "disable", user: 0 },
];

/** The session ends, or its user is disabled, after a rotation is judged and before it is written. */
export const BEFORE_A_ROTATION: Race[] = SESSION_ENDING_COMMANDS.map((end) => ({
  setup: [waitUntilDue],
  clients: [[{ command: rotate, clock: 0 }], [{ command: end, clock: 0 }]],
  schedule: afterStatements(1),
}));

/** The password changes after the n-th statement of a login. */
export const DURING_A_LOGIN: Race[] = [1, 2, 3, 4, 5].map((statements) => ({
  setup: [],
  clients: [
    [
      {
        command: { ...onFirst, kind: "login", user: 0, isPasswordOld: false, remember: true, presented: null },
        clock: 0,
      },
    ],
    [{ command: { ...onSecond, kind: "change password", caller: 0, isPasswordOld: false }, clock: 0 }],
  ],
  schedule: afterStatements(statements),
}));

const confirm: Command = { ...onFirst, kind: "confirm", nth: 0 };
const LINK_COMMANDS: [Command, Command][] = [
  [
    { ...onFirst, kind: "request reset", user: 0 },
    { ...onSecond, kind: "confirm", nth: 0 },
  ],
  [
    { ...onFirst, kind: "request reset", user: 0 },
    { ...onSecond, kind: "request reset", user: 0 },
  ],
  [
    { ...onFirst, kind: "request reset", user: 0 },
    { ...onSecond, kind: "change password", caller: 0, isPasswordOld: false },
  ],
  [
    { ...onFirst, kind: "request reset", user: 0 },
    { ...onSecond, kind: "login", user: 0, isPasswordOld: false, remember: true, presented: null },
  ],
  [
    { ...onFirst, kind: "request reset", user: 0 },
    { ...onSecond, kind: "disable", user: 0 },
  ],
  [
    { ...onFirst, kind: "request address change", caller: 0 },
    { ...onSecond, kind: "confirm", nth: 0 },
  ],
  [
    { ...onFirst, kind: "request address change", caller: 0 },
    { ...onSecond, kind: "request address change", caller: 0 },
  ],
  [
    { ...onFirst, kind: "send notice", user: 0 },
    { ...onSecond, kind: "log out everywhere", caller: 0 },
  ],
];

/** Another command runs after the n-th statement of a confirmation. */
export const DURING_A_CONFIRMATION: Race[] = LINK_COMMANDS.flatMap(([send, other]) =>
  [1, 2, 3, 4].map((statements) => ({
    setup: [send],
    clients: [[{ command: confirm, clock: 0 }], [{ command: other, clock: 0 }]],
    schedule: afterStatements(statements),
  })),
);

/** The first client executes this many statements, then the second client runs to its end. */
function afterStatements(statements: number): number[] {
  return [...Array<number>(statements).fill(0), ...Array<number>(12).fill(1)];
}
