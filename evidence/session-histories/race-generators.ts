import fc from "fast-check";
import {
  anyOperation,
  linksAndLogins,
  loginsAndLogouts,
  waitUntilDue,
  completeCommand,
  requestAddressChange,
  requestLink,
  rotateNewest,
  record,
  commandPart,
} from "./command-generators";
import type { Command } from "./commands";
import { SECONDS } from "./model";

const { grace } = SECONDS;

/** Clients that run concurrently, each with a sequence of commands and the clock offset of its instance in seconds. */
export interface Race {
  setup: Command[];
  clients: { command: Command; clock: number }[][];
  /** The client that may take each step; null leaves the interleaving to the event loop. */
  schedule: number[] | null;
}

const token = record({
  sessionIndex: fc.constantFrom(0, 0, 0, 0, 0, 1),
  nth: fc.oneof(
    { weight: 7, arbitrary: fc.nat({ max: 1 }) },
    { weight: 1, arbitrary: fc.constantFrom(2, "unissued" as const) },
  ),
});
const refreshCommand = commandPart("refresh", record({ token }));

/** Before the race: a token that is due for rotation, or one that was replaced, most often one window ago. */
const waitInsideWindow = completeCommand(
  commandPart("wait", record({ seconds: fc.constantFrom(1, grace - 1, grace - 1, grace, grace, grace + 1) })),
  false,
);
const setups: fc.Arbitrary<Command[]> = fc.oneof(
  fc.tuple(waitUntilDue),
  fc.tuple(waitUntilDue, rotateNewest, waitInsideWindow),
  fc.tuple(waitUntilDue, rotateNewest, waitInsideWindow),
  fc.tuple(waitUntilDue, completeCommand(anyOperation, false), waitInsideWindow),
);

/** A client may take several steps before another client takes one. */
const schedules = fc
  .array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 6 })), { minLength: 4, maxLength: 16 })
  .map((turns) => turns.flatMap(([task, times]) => Array<number>(times).fill(task)));

/** Before a race of links: one or several were sent. */
const linkSetups: fc.Arbitrary<Command[]> = fc.oneof(
  fc.tuple(requestLink("request reset")),
  fc.tuple(requestLink("request reset"), requestAddressChange),
  fc.tuple(requestLink("send notice"), requestAddressChange),
  fc.tuple(
    requestAddressChange,
    completeCommand(commandPart("confirm", fc.constant({ nth: 0 })), false),
    requestLink("request reset"),
  ),
);

function raceArbitrary(what: fc.Arbitrary<unknown>, setup = setups): fc.Arbitrary<Race> {
  const step = record({ command: completeCommand(what, true), clock: fc.nat({ max: grace / 2 }) });
  return record({
    setup,
    clients: fc.array(fc.array(step, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 4 }),
    schedule: fc.oneof({ weight: 5, arbitrary: schedules }, { weight: 1, arbitrary: fc.constant(null) }),
  });
}

export const refreshRaces = raceArbitrary(refreshCommand);
export const loginRaces = raceArbitrary(loginsAndLogouts);
export const linkRaces = raceArbitrary(linksAndLogins, linkSetups);
export const allRaces = raceArbitrary(fc.oneof(refreshCommand, anyOperation));
