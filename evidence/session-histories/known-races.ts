import type { Command } from "./commands";
import { SECONDS } from "./model";
import type { Race } from "./race-generators";

const here = { instance: 0, placeOffset: 0, crash: null };
const there = { ...here, instance: 1 };
const newest = { sessionIndex: 0, nth: 0 };
const oneBefore = { sessionIndex: 0, nth: 1 };

const due: Command = { ...here, kind: "wait", seconds: SECONDS.grace + 1 };
const rotate: Command = { ...here, kind: "refresh", token: newest };
const untilWindowEnd: Command = { ...here, kind: "wait", seconds: SECONDS.grace };

/** Two come with the previous token, just before the window ends and just after; both are judged before either acts. */
export const ACROSS_WINDOW_END: Race = {
  setup: [due, rotate, untilWindowEnd],
  clients: [
    [{ command: { ...here, kind: "refresh", token: oneBefore }, clock: 0 }],
    [{ command: { ...there, kind: "refresh", token: oneBefore }, clock: 1 }],
  ],
  schedule: [0, 1],
};

const SESSION_ENDING_COMMANDS: Command[] = [
  { ...there, kind: "log out everywhere", caller: 0 },
  { ...there, kind: "logout", presented: newest, caller: null },
  { ...there, kind: "revoke", caller: 0, target: 0 },
  { ...there, kind: "log others out", caller: 1 },
  { ...there, kind: "change password", caller: 1, isPasswordOld: false },
  { ...there, kind: "refresh", token: { sessionIndex: 0, nth: "unissued" } },
  { ...there, kind: "disable", user: 0 },
];

/** The session ends, or its user is disabled, when a rotation is decided and not yet written. */
export const BEFORE_A_ROTATION: Race[] = SESSION_ENDING_COMMANDS.map((end) => ({
  setup: [due],
  clients: [[{ command: rotate, clock: 0 }], [{ command: end, clock: 0 }]],
  schedule: afterStatements(1),
}));

/** The password is changed after each statement of a login. */
export const DURING_A_LOGIN: Race[] = [1, 2, 3, 4, 5].map((statements) => ({
  setup: [],
  clients: [
    [
      {
        command: { ...here, kind: "login", user: 0, isPasswordOld: false, remember: true, presented: null },
        clock: 0,
      },
    ],
    [{ command: { ...there, kind: "change password", caller: 0, isPasswordOld: false }, clock: 0 }],
  ],
  schedule: afterStatements(statements),
}));

/** The first client does so many statements, and then the second one does all that it has to do. */
function afterStatements(statements: number): number[] {
  return [...Array<number>(statements).fill(0), ...Array<number>(12).fill(1)];
}
