import fc from "fast-check";
import type { Mutation } from "@/evidence/fuzz/fuzz-request";

export function mutateWithOneOf<Item>(
  items: readonly Item[],
  change: (item: Item) => Mutation,
): fc.Arbitrary<Mutation> {
  return fc.constantFrom(...items).map(change);
}
