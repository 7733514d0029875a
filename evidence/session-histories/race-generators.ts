import fc from "fast-check";
import { anything, comingAndGoing, due, placed, replaced, record, wish } from "./command-generators";
import type { Intent } from "./commands";
import { SECONDS } from "./model";

const { grace } = SECONDS;

/** What every client of a race wants, one thing after the other, and how far its instance's clock is ahead. */
export interface Race {
  prelude: Intent[];
  clients: { intent: Intent; clock: number }[][];
  /** Who may take the next step; null leaves it to the machine. */
  score: number[] | null;
}

const token = record({
  whose: fc.constantFrom(0, 0, 0, 0, 0, 1),
  which: fc.oneof(
    { weight: 7, arbitrary: fc.nat({ max: 1 }) },
    { weight: 1, arbitrary: fc.constantFrom(2, "made up" as const) },
  ),
});
const refresh = wish("refresh", record({ token }));

/** Before the race: a token that is due, or one that was replaced a while ago, most often as long ago as a window lasts. */
const aWhile = placed(
  wish("wait", record({ seconds: fc.constantFrom(1, grace - 1, grace - 1, grace, grace, grace + 1) })),
  false,
);
const preludes: fc.Arbitrary<Intent[]> = fc.oneof(
  fc.tuple(due),
  fc.tuple(due, replaced, aWhile),
  fc.tuple(due, replaced, aWhile),
  fc.tuple(due, placed(anything, false), aWhile),
);

/** Somebody may do several steps before anybody else does one. */
const scores = fc
  .array(fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 1, max: 6 })), { minLength: 4, maxLength: 16 })
  .map((beats) => beats.flatMap(([player, times]) => Array<number>(times).fill(player)));

function raceOf(what: fc.Arbitrary<unknown>): fc.Arbitrary<Race> {
  const step = record({ intent: placed(what, true), clock: fc.nat({ max: grace / 2 }) });
  return record({
    prelude: preludes,
    clients: fc.array(fc.array(step, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 4 }),
    score: fc.oneof({ weight: 5, arbitrary: scores }, { weight: 1, arbitrary: fc.constant(null) }),
  });
}

export const refreshRaces = raceOf(refresh);
export const racesForTheDoor = raceOf(comingAndGoing);
export const allRaces = raceOf(fc.oneof(refresh, anything));
