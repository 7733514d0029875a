import fc from "fast-check";
import { describeIntent, type Intent } from "./commands";
import { SECONDS } from "./model";

const { grace, access, idle } = SECONDS;

export const wish = <Name extends Intent["wish"], Rest>(name: Name, rest: fc.Arbitrary<Rest>) =>
  rest.map((more) => ({ wish: name, ...more }));

export const seldom = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ withCrossShrink: true }, { weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** Prints as it is written. */
export const record = <Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<Fields>;

const who = fc.constantFrom(0, 0, 0, 1, 2, 3);
const token = record({
  whose: who,
  which: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 3) },
    { weight: 1, arbitrary: fc.constantFrom("made up" as const, "forged" as const) },
  ),
});
const waiting = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(1, 2, grace - 1, grace, grace + 1, grace + 1) },
  { weight: 1, arbitrary: fc.constantFrom(access, 10 * grace, 10 * grace + 1, idle - 1, idle) },
);

const nothing = fc.constant({});
const callers = record({ caller: who });
const users = record({ user: fc.nat({ max: 1 }) });
const oftenRight = fc.constantFrom(false, false, false, true);

export const refreshes = wish("refresh", record({ token }));
export const waits = wish("wait", record({ seconds: waiting }));
const login = wish(
  "login",
  record({
    user: fc.constantFrom(0, 0, 0, 1),
    isPasswordOld: oftenRight,
    remember: fc.boolean(),
    presented: fc.option(token),
  }),
);
const endOfMany = fc.oneof(
  wish("log out everywhere", callers),
  wish("log others out", callers),
  wish("change password", record({ caller: who, isPasswordOld: oftenRight })),
);
const logouts = fc.oneof(
  { weight: 3, arbitrary: endOfMany },
  { weight: 2, arbitrary: wish("logout", record({ presented: fc.option(token), caller: seldom(who) })) },
  { weight: 2, arbitrary: wish("revoke", record({ caller: who, target: fc.nat({ max: 3 }) })) },
);
const rest = fc.oneof(
  wish("visit", callers),
  wish("read the feed", nothing),
  wish("purge", record({ olderThan: fc.constantFrom(0, grace, idle) })),
  wish("disable", users),
  wish("enable", users),
  wish("change role", users),
);
/** A thief who holds the window open, most often for about ten windows; a person who never stays away for long. */
export const again = fc.oneof(
  wish(
    "go on refreshing",
    record({
      token: record({ whose: fc.constant(0), which: fc.constant(1) }),
      every: fc.constantFrom(grace - 1, grace),
      times: fc.integer({ min: 2, max: 14 }),
    }),
  ),
  wish(
    "go on refreshing",
    record({
      token: record({ whose: who, which: fc.constant(0) }),
      every: fc.integer({ min: grace + 1, max: idle - 1 }),
      times: fc.integer({ min: 2, max: 8 }),
    }),
  ),
);

export function placed(what: fc.Arbitrary<unknown>, crashes: boolean): fc.Arbitrary<Intent> {
  const where = record({
    instance: fc.nat({ max: 1 }),
    away: fc.constantFrom(0, 0, 0, 0, 1, 2),
    crash: crashes
      ? seldom(
          record({
            statement: fc.integer({ min: 1, max: 6 }),
            when: fc.constantFrom("before" as const, "after" as const),
          }),
        )
      : fc.constant(null),
  });
  return fc.tuple(what, where).map(([one, two]) => {
    const intent = { ...(one as Intent), ...two };
    return { ...intent, toString: () => describeIntent(intent) };
  });
}

export const anything = fc.oneof(
  { weight: 12, arbitrary: refreshes },
  { weight: 2, arbitrary: login },
  { weight: 5, arbitrary: logouts },
  { weight: 4, arbitrary: rest },
);
/** Who comes in while everybody is thrown out? */
export const comingAndGoing = fc.oneof(
  { weight: 3, arbitrary: login },
  { weight: 3, arbitrary: endOfMany },
  { weight: 1, arbitrary: refreshes },
);

export const replaced = placed(wish("refresh", fc.constant({ token: { whose: 0, which: 0 } })), false);
export const due = placed(wish("wait", fc.constant({ seconds: grace + 1 })), false);
