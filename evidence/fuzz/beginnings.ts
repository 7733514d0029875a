import fc from "fast-check";
import type { Asked } from "./asked";
import { batch, call } from "./beginnings/calls";
import { file, raw } from "./beginnings/files";
import { action, foreign, ownForm } from "./beginnings/foreign";
import { page, soft } from "./beginnings/pages";

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
