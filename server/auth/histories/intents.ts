import fc from "fast-check";
import { SECONDS } from "./model";
import type { Crash } from "./interruptions";

/** Whose token, counted over the sessions that there are, and the how-manieth newest of it. */
export interface TokenWish {
  whose: number;
  which: number | "made up" | "forged";
}

/** What happens next, before it is known to whom: so that a history keeps its meaning when parts of it are taken out. */
export type Intent = { instance: number; away: number; crash: Crash | null } & (
  | { wish: "refresh"; token: TokenWish }
  | { wish: "login"; user: number; isPasswordOld: boolean; remember: boolean; presented: TokenWish | null }
  | { wish: "logout"; presented: TokenWish | null; caller: number | null }
  | { wish: "log out everywhere" | "log others out" | "visit"; caller: number }
  | { wish: "revoke"; caller: number; target: number }
  | { wish: "change password"; caller: number; isPasswordOld: boolean }
  | { wish: "read the feed" }
  | { wish: "purge"; olderThan: number }
  | { wish: "disable" | "enable" | "change role"; user: number }
  | { wish: "wait"; seconds: number }
  /** The same token's like again and again: a thief who holds the window open, a person who never stays away. */
  | { wish: "go on refreshing"; token: TokenWish; every: number; times: number }
);

const { grace, access, idle } = SECONDS;
const who = fc.constantFrom(0, 0, 0, 1, 2, 3);
const token = fc.record({
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

export const wish = <Name extends Intent["wish"], Rest>(name: Name, rest: fc.Arbitrary<Rest>) =>
  rest.map((more) => ({ wish: name, ...more }));

export const seldom = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
const nothing = fc.constant({});
const callers = fc.record({ caller: who });
const users = fc.record({ user: fc.nat({ max: 1 }) });

const refreshes = wish("refresh", fc.record({ token }));
const waits = wish("wait", fc.record({ seconds: waiting }));
const others = [
  wish(
    "login",
    fc.record({
      user: fc.nat({ max: 1 }),
      isPasswordOld: fc.constantFrom(false, false, false, true),
      remember: fc.boolean(),
      presented: fc.option(token),
    }),
  ),
  wish("logout", fc.record({ presented: fc.option(token), caller: seldom(who) })),
  wish("log out everywhere", callers),
  wish("log others out", callers),
  wish("visit", callers),
  wish("revoke", fc.record({ caller: who, target: who })),
  wish("change password", fc.record({ caller: who, isPasswordOld: fc.constantFrom(false, false, false, true) })),
  wish("read the feed", nothing),
  wish("purge", fc.record({ olderThan: fc.constantFrom(0, grace, idle) })),
  wish("disable", users),
  wish("enable", users),
  wish("change role", users),
];
const again = wish(
  "go on refreshing",
  fc.oneof(
    fc.record({
      token: fc.record({ whose: who, which: fc.constant(1) }),
      every: fc.integer({ min: 2, max: grace }),
      times: fc.integer({ min: 2, max: 13 }),
    }),
    fc.record({
      token: fc.record({ whose: who, which: fc.constant(0) }),
      every: fc.integer({ min: grace + 1, max: idle - 1 }),
      times: fc.integer({ min: 2, max: 6 }),
    }),
  ),
);

export function placed(what: fc.Arbitrary<unknown>, crashes: boolean): fc.Arbitrary<Intent> {
  const where = fc.record({
    instance: fc.nat({ max: 1 }),
    away: fc.constantFrom(0, 0, 0, 0, 1, 2),
    crash: crashes
      ? seldom(
          fc.record({
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

export const refreshOften = { weight: 12, arbitrary: refreshes };
export const anythingElse = { weight: 8, arbitrary: fc.oneof(...others) };

/** Everything that can happen, one thing after the other, with time going by. */
export const intents = fc.array(
  placed(fc.oneof(refreshOften, anythingElse, { weight: 8, arbitrary: waits }, { weight: 1, arbitrary: again }), true),
  { minLength: 1, maxLength: 16, size: "max" },
);

export function describeIntent({ instance, away, crash, ...what }: Intent): string {
  const words = Object.entries(what).map(([name, value]) =>
    name === "wish" ? value : `${name}=${JSON.stringify(value)}`,
  );
  const died = crash ? ` and die ${crash.when} statement ${crash.statement}` : "";
  return `${words.join(" ")} @${instance}${away ? ` away=${away}` : ""}${died}`;
}
