import fc from "fast-check";
import type { Intent } from "./commands";
import { SECONDS } from "./model";
import { again, anything, due, placed, record, replaced, waits, wish } from "./command-generators";

/** Up to the last moment in which the window may be held open, and beyond. */
const heldOpen = placed(
  wish(
    "go on refreshing",
    record({
      token: fc.constant({ whose: 0, which: 1 }),
      every: fc.constant(SECONDS.grace),
      times: fc.integer({ min: 9, max: 12 }),
    }),
  ),
  false,
);

/** Everything that can happen, one thing after the other, with time going by. */
export const sequences: fc.Arbitrary<Intent[]> = fc
  .tuple(
    fc.oneof(fc.constant([]), fc.tuple(due, replaced), fc.tuple(due, replaced, heldOpen)),
    fc.array(
      placed(
        fc.oneof({ weight: 20, arbitrary: anything }, { weight: 8, arbitrary: waits }, { weight: 1, arbitrary: again }),
        true,
      ),
      { minLength: 1, maxLength: 16, size: "max" },
    ),
  )
  .map((parts) => parts.flat());
