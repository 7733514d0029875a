import fc from "fast-check";
import type { Asked } from "./fuzz-request";
import { beginning } from "./seed-requests";
import { changeAddress } from "./mutations/addresses";
import { changeBody } from "./mutations/bodies";
import { changeCookies } from "./mutations/cookies";
import { changeHeaders } from "./mutations/headers";
import { changeName } from "./mutations/procedure-names";

const change = fc.oneof(
  { weight: 3, arbitrary: changeName },
  { weight: 4, arbitrary: changeAddress },
  { weight: 6, arbitrary: changeHeaders },
  { weight: 6, arbitrary: changeCookies },
  { weight: 4, arbitrary: changeBody },
);

/** A request that is in order but for a little, so that most get deep. Shrinks towards fewer changes. */
export const request: fc.Arbitrary<Asked> = fc
  .tuple(
    beginning,
    fc.oneof(
      { withCrossShrink: true },
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 6, arbitrary: fc.array(change, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(change, { minLength: 2, maxLength: 3 }) },
    ),
  )
  .map(([asked, changes]) => changes.reduce((changed, one) => one(changed), asked));
