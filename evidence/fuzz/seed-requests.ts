import fc from "fast-check";
import type { FuzzRequest } from "./fuzz-request";
import { batch, call } from "./seed-requests/calls";
import { serverAction, crossSite, sameOriginForm } from "./seed-requests/cross-site";
import { file, raw } from "./seed-requests/files";
import { page, softNavigation } from "./seed-requests/pages";

/** A valid request of any kind, before mutations. */
export const seedRequest: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.oneof(
      { weight: 40, arbitrary: call },
      { weight: 8, arbitrary: batch },
      { weight: 14, arbitrary: page },
      { weight: 8, arbitrary: softNavigation },
      { weight: 2, arbitrary: serverAction },
      { weight: 6, arbitrary: file },
      { weight: 14, arbitrary: crossSite },
      { weight: 3, arbitrary: sameOriginForm },
      { weight: 2, arbitrary: raw },
    ),
    fc.integer({ min: 0, max: 9 }),
  )
  .map(([request, chance]) => ({ ...request, prefersFetch: chance === 9 }));
