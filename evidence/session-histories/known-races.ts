import type { Intent } from "./commands";
import { SECONDS } from "./model";
import type { Race } from "./race-generators";

const here = { instance: 0, away: 0, crash: null };
const there = { ...here, instance: 1 };
const newest = { whose: 0, which: 0 };
const oneBefore = { whose: 0, which: 1 };

const due: Intent = { ...here, wish: "wait", seconds: SECONDS.grace + 1 };
const rotate: Intent = { ...here, wish: "refresh", token: newest };
const untilTheWindowEnds: Intent = { ...here, wish: "wait", seconds: SECONDS.grace };

/** Two come with the previous token, just before the window ends and just after; both are judged before either acts. */
export const ACROSS_THE_END_OF_THE_WINDOW: Race = {
  prelude: [due, rotate, untilTheWindowEnds],
  clients: [
    [{ intent: { ...here, wish: "refresh", token: oneBefore }, clock: 0 }],
    [{ intent: { ...there, wish: "refresh", token: oneBefore }, clock: 1 }],
  ],
  score: [0, 1],
};

const ENDS: Intent[] = [
  { ...there, wish: "log out everywhere", caller: 0 },
  { ...there, wish: "logout", presented: newest, caller: null },
  { ...there, wish: "revoke", caller: 0, target: 0 },
  { ...there, wish: "log others out", caller: 1 },
  { ...there, wish: "change password", caller: 1, isPasswordOld: false },
  { ...there, wish: "refresh", token: { whose: 0, which: "made up" } },
  { ...there, wish: "disable", user: 0 },
];

/** The session ends, or its user is disabled, when a rotation is decided and not yet written. */
export const BEFORE_A_ROTATION: Race[] = ENDS.map((end) => ({
  prelude: [due],
  clients: [[{ intent: rotate, clock: 0 }], [{ intent: end, clock: 0 }]],
  score: inTurns(1),
}));

/** The password is changed after each statement of a login. */
export const DURING_A_LOGIN: Race[] = [1, 2, 3, 4, 5].map((statements) => ({
  prelude: [],
  clients: [
    [
      {
        intent: { ...here, wish: "login", user: 0, isPasswordOld: false, remember: true, presented: null },
        clock: 0,
      },
    ],
    [{ intent: { ...there, wish: "change password", caller: 0, isPasswordOld: false }, clock: 0 }],
  ],
  score: inTurns(statements),
}));

/** The first client does so many statements, and then the second one does all that it has to do. */
function inTurns(statements: number): number[] {
  return [...Array<number>(statements).fill(0), ...Array<number>(12).fill(1)];
}
