import fc from "fast-check";
import type { Asked } from "./fuzz-request";
import { batch, call } from "./seed-requests/calls";
import { file, raw } from "./seed-requests/files";
import { action, foreign, ownForm } from "./seed-requests/cross-site";
import { page, soft } from "./seed-requests/pages";

/** A request that is in order, of every kind: what is done to it comes later. */
export const beginning: fc.Arbitrary<Asked> = fc
  .tuple(
    fc.oneof(
      { weight: 40, arbitrary: call },
      { weight: 8, arbitrary: batch },
      { weight: 14, arbitrary: page },
      { weight: 8, arbitrary: soft },
      { weight: 2, arbitrary: action },
      { weight: 6, arbitrary: file },
      { weight: 14, arbitrary: foreign },
      { weight: 3, arbitrary: ownForm },
      { weight: 2, arbitrary: raw },
    ),
    fc.integer({ min: 0, max: 9 }),
  )
  .map(([asked, chance]) => ({ ...asked, prefersFetch: chance === 9 }));
