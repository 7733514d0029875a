import fc from "fast-check";
import type { FuzzRequest } from "./fuzz-request";
import { mutateAddress } from "./mutations/addresses";
import { mutateBody } from "./mutations/bodies";
import { mutateCookies } from "./mutations/cookies";
import { mutateHeaders } from "./mutations/headers";
import { mutateProcedureName } from "./mutations/procedure-names";
import { seedRequest } from "./seed-requests";

const mutation = fc.oneof(
  { weight: 3, arbitrary: mutateProcedureName },
  { weight: 4, arbitrary: mutateAddress },
  { weight: 6, arbitrary: mutateHeaders },
  { weight: 6, arbitrary: mutateCookies },
  { weight: 4, arbitrary: mutateBody },
);

/** A seed request with few mutations, so that most requests pass the first checks. Shrinks towards fewer mutations. */
export const fuzzedRequest: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    seedRequest,
    fc.oneof(
      { withCrossShrink: true },
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 6, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 3 }) },
    ),
  )
  .map(([request, mutations]) => mutations.reduce((mutated, mutate) => mutate(mutated), request));
