import fc from "fast-check";
import { anythingElse, placed, refreshOften, wish, type Intent } from "./intents";
import { SECONDS } from "./model";

const { grace } = SECONDS;

/** What every client of a race wants, one thing after the other, and how far its instance's clock is ahead. */
export interface Race {
  prelude: Intent[];
  clients: { intent: Intent; clock: number }[][];
  /** Who may take the next step; null leaves it to the machine. */
  score: number[] | null;
}

const token = fc.record({
  whose: fc.constantFrom(0, 0, 0, 0, 0, 1),
  which: fc.oneof(
    { weight: 7, arbitrary: fc.nat({ max: 1 }) },
    { weight: 1, arbitrary: fc.constantFrom(2, "made up" as const) },
  ),
});
const refresh = wish("refresh", fc.record({ token }));

/** Before the race: a token that is due, or one that was replaced a while ago, most often as long ago as a window lasts. */
const first = wish("refresh", fc.record({ token: fc.constant({ whose: 0, which: 0 }) }));
const due = placed(fc.constant({ wish: "wait", seconds: grace + 1 }), false);
const replaced = placed(first, false);
const aWhile = placed(
  wish("wait", fc.record({ seconds: fc.constantFrom(1, grace - 1, grace - 1, grace, grace, grace + 1) })),
  false,
);
const anything = placed(fc.oneof(refreshOften, anythingElse), false);
const preludes: fc.Arbitrary<Intent[]> = fc.oneof(
  fc.tuple(due),
  fc.tuple(due, replaced, aWhile),
  fc.tuple(due, replaced, aWhile),
  fc.tuple(due, anything, aWhile),
);

function raceOf(what: fc.Arbitrary<unknown>): fc.Arbitrary<Race> {
  const step = fc.record({ intent: placed(what, true), clock: fc.nat({ max: grace / 2 }) });
  return fc.record({
    prelude: preludes,
    clients: fc.array(fc.array(step, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 4 }),
    score: fc.option(fc.array(fc.nat({ max: 3 }), { minLength: 8, maxLength: 40 }), { freq: 6 }),
  });
}

export const refreshRaces = raceOf(refresh);
export const races = raceOf(
  fc.oneof({ weight: 1, arbitrary: refresh }, { weight: 1, arbitrary: fc.oneof(anythingElse) }),
);
