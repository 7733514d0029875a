import fc from "fast-check";
import type { Change } from "@/evidence/fuzz/fuzz-request";

/** One of the listed things, done to the request. */
export function oneOf<Item>(items: readonly Item[], change: (item: Item) => Change): fc.Arbitrary<Change> {
  return fc.constantFrom(...items).map(change);
}
