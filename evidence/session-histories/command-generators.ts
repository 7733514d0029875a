import fc from "fast-check";
import { describeCommand, type Command } from "./commands";
import { SECONDS } from "./model";

const { grace, access, idle } = SECONDS;

export const command = <Name extends Command["kind"], Rest>(name: Name, rest: fc.Arbitrary<Rest>) =>
  rest.map((more) => ({ kind: name, ...more }));

export const rarely = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ withCrossShrink: true }, { weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** Prints as it is written. */
export const record = <Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<Fields>;

const sessionIndexes = fc.constantFrom(0, 0, 0, 1, 2, 3);
const token = record({
  sessionIndex: sessionIndexes,
  nth: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 3) },
    { weight: 1, arbitrary: fc.constantFrom("unissued" as const, "forged" as const) },
  ),
});
const waiting = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(1, 2, grace - 1, grace, grace + 1, grace + 1) },
  { weight: 1, arbitrary: fc.constantFrom(access, 10 * grace, 10 * grace + 1, idle - 1, idle) },
);

const noFields = fc.constant({});
const callers = record({ caller: sessionIndexes });
const users = record({ user: fc.nat({ max: 1 }) });
const mostlyFalse = fc.constantFrom(false, false, false, true);

export const refreshCommands = command("refresh", record({ token }));
export const waitCommands = command("wait", record({ seconds: waiting }));
const login = command(
  "login",
  record({
    user: fc.constantFrom(0, 0, 0, 1),
    isPasswordOld: mostlyFalse,
    remember: fc.boolean(),
    presented: fc.option(token),
  }),
);
const endManyCommands = fc.oneof(
  command("log out everywhere", callers),
  command("log others out", callers),
  command("change password", record({ caller: sessionIndexes, isPasswordOld: mostlyFalse })),
);
const logouts = fc.oneof(
  { weight: 3, arbitrary: endManyCommands },
  { weight: 2, arbitrary: command("logout", record({ presented: fc.option(token), caller: rarely(sessionIndexes) })) },
  { weight: 2, arbitrary: command("revoke", record({ caller: sessionIndexes, target: fc.nat({ max: 3 }) })) },
);
const rest = fc.oneof(
  command("authenticate", callers),
  command("read the feed", noFields),
  command("purge", record({ olderThan: fc.constantFrom(0, grace, idle) })),
  command("disable", users),
  command("enable", users),
  command("change role", users),
);
/** A thief who holds the window open, most often for about ten windows; a person who never stays away for long. */
export const refreshLoops = fc.oneof(
  command(
    "refresh repeatedly",
    record({
      token: record({ sessionIndex: fc.constant(0), nth: fc.constant(1) }),
      every: fc.constantFrom(grace - 1, grace),
      times: fc.integer({ min: 2, max: 14 }),
    }),
  ),
  command(
    "refresh repeatedly",
    record({
      token: record({ sessionIndex: sessionIndexes, nth: fc.constant(0) }),
      every: fc.integer({ min: grace + 1, max: idle - 1 }),
      times: fc.integer({ min: 2, max: 8 }),
    }),
  ),
);

export function commandArbitrary(what: fc.Arbitrary<unknown>, crashes: boolean): fc.Arbitrary<Command> {
  const where = record({
    instance: fc.nat({ max: 1 }),
    placeOffset: fc.constantFrom(0, 0, 0, 0, 1, 2),
    crash: crashes
      ? rarely(
          record({
            statement: fc.integer({ min: 1, max: 6 }),
            when: fc.constantFrom("before" as const, "after" as const),
          }),
        )
      : fc.constant(null),
  });
  return fc.tuple(what, where).map(([one, two]) => {
    const whole = { ...(one as Command), ...two };
    return { ...whole, toString: () => describeCommand(whole) };
  });
}

export const anyOperation = fc.oneof(
  { weight: 12, arbitrary: refreshCommands },
  { weight: 2, arbitrary: login },
  { weight: 5, arbitrary: logouts },
  { weight: 4, arbitrary: rest },
);
/** Who comes in while everybody is thrown out? */
export const loginsAndLogouts = fc.oneof(
  { weight: 3, arbitrary: login },
  { weight: 3, arbitrary: endManyCommands },
  { weight: 1, arbitrary: refreshCommands },
);

export const replaceNewest = commandArbitrary(
  command("refresh", fc.constant({ token: { sessionIndex: 0, nth: 0 } })),
  false,
);
export const due = commandArbitrary(command("wait", fc.constant({ seconds: grace + 1 })), false);
