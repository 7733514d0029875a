import fc from "fast-check";
import { describeCommand, type Command } from "./commands";
import { SECONDS } from "./model";

const { grace, access, idle } = SECONDS;

export const commandPart = <Name extends Command["kind"], Rest>(name: Name, fields: fc.Arbitrary<Rest>) =>
  fields.map((more) => ({ kind: name, ...more }));

export const rarely = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ withCrossShrink: true }, { weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** A record that prints like an object literal, so that a counterexample can be copied into a test. */
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
const waitSeconds = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(1, 2, grace - 1, grace, grace + 1, grace + 1) },
  { weight: 1, arbitrary: fc.constantFrom(access, 10 * grace, 10 * grace + 1, idle - 1, idle) },
);

const noFields = fc.constant({});
const callers = record({ caller: sessionIndexes });
const users = record({ user: fc.nat({ max: 1 }) });
const mostlyFalse = fc.constantFrom(false, false, false, true);

export const refreshCommands = commandPart("refresh", record({ token }));
export const waitCommands = commandPart("wait", record({ seconds: waitSeconds }));
const loginCommands = commandPart(
  "login",
  record({
    user: fc.constantFrom(0, 0, 0, 1),
    isPasswordOld: mostlyFalse,
    remember: fc.boolean(),
    presented: fc.option(token),
  }),
);
const endManyCommands = fc.oneof(
  commandPart("log out everywhere", callers),
  commandPart("log others out", callers),
  commandPart("change password", record({ caller: sessionIndexes, isPasswordOld: mostlyFalse })),
);
const logoutCommands = fc.oneof(
  { weight: 3, arbitrary: endManyCommands },
  {
    weight: 2,
    arbitrary: commandPart("logout", record({ presented: fc.option(token), caller: rarely(sessionIndexes) })),
  },
  { weight: 2, arbitrary: commandPart("revoke", record({ caller: sessionIndexes, target: fc.nat({ max: 3 }) })) },
);
/** With what is often in progress when a link is used. */
const linkCommands = fc.oneof(
  { weight: 2, arbitrary: commandPart("request reset", users) },
  { weight: 2, arbitrary: commandPart("request address change", callers) },
  { weight: 1, arbitrary: commandPart("send notice", users) },
  { weight: 5, arbitrary: commandPart("confirm", record({ nth: fc.constantFrom(0, 0, 0, 1, 1, 2, 3) })) },
);
const otherCommands = fc.oneof(
  commandPart("authenticate", callers),
  commandPart("read the feed", noFields),
  commandPart("purge", record({ olderThan: fc.constantFrom(0, grace, idle) })),
  commandPart("disable", users),
  commandPart("enable", users),
  commandPart("change role", users),
);
/** A previous token presented inside every window, often for about ten windows; and a session kept in use by regular refreshes. */
export const refreshLoops = fc.oneof(
  commandPart(
    "refresh repeatedly",
    record({
      token: record({ sessionIndex: fc.constant(0), nth: fc.constant(1) }),
      every: fc.constantFrom(grace - 1, grace),
      times: fc.integer({ min: 2, max: 14 }),
    }),
  ),
  commandPart(
    "refresh repeatedly",
    record({
      token: record({ sessionIndex: sessionIndexes, nth: fc.constant(0) }),
      every: fc.integer({ min: grace + 1, max: idle - 1 }),
      times: fc.integer({ min: 2, max: 8 }),
    }),
  ),
);

export function completeCommand(part: fc.Arbitrary<unknown>, crashes: boolean): fc.Arbitrary<Command> {
  const location = record({
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
  return fc.tuple(part, location).map(([part, location]) => {
    const complete = { ...(part as Command), ...location };
    return { ...complete, toString: () => describeCommand(complete) };
  });
}

export const anyOperation = fc.oneof(
  { weight: 12, arbitrary: refreshCommands },
  { weight: 2, arbitrary: loginCommands },
  { weight: 5, arbitrary: logoutCommands },
  { weight: 4, arbitrary: otherCommands },
  { weight: 6, arbitrary: linkCommands },
);
/** Links concurrent with what they end, supersede or are superseded by. */
export const linksAndLogins = fc.oneof(
  { weight: 5, arbitrary: linkCommands },
  { weight: 2, arbitrary: loginCommands },
  { weight: 1, arbitrary: endManyCommands },
  { weight: 2, arbitrary: refreshCommands },
);
export const requestLink = (kind: "request reset" | "send notice") =>
  completeCommand(commandPart(kind, fc.constant({ user: 0 })), false);
export const requestAddressChange = completeCommand(
  commandPart("request address change", fc.constant({ caller: 0 })),
  false,
);
/** Logins concurrent with commands that end all sessions. */
export const loginsAndLogouts = fc.oneof(
  { weight: 3, arbitrary: loginCommands },
  { weight: 3, arbitrary: endManyCommands },
  { weight: 1, arbitrary: refreshCommands },
);

export const rotateNewest = completeCommand(
  commandPart("refresh", fc.constant({ token: { sessionIndex: 0, nth: 0 } })),
  false,
);
export const waitUntilDue = completeCommand(commandPart("wait", fc.constant({ seconds: grace + 1 })), false);
