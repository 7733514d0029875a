import fc from "fast-check";
import type { Asked, Pair } from "@/evidence/fuzz/fuzz-request";
import { inputFor } from "@/evidence/fuzz/inputs";
import { PROCEDURES } from "@/evidence/fuzz/procedures";
import { begin, SIGNED_IN } from "./base-request";

export const procedure = fc.oneof(...PROCEDURES.map((one) => ({ weight: one.weight, arbitrary: fc.constant(one) })));
const queries = PROCEDURES.filter(({ isMutation }) => !isMutation);

const JSON_OF_OURS: readonly Pair[] = [
  ["Content-Type", "application/json"],
  ["Origin", "{{origin}}"],
];

/** One call, with an input that is fine or nearly so. */
export const call: fc.Arbitrary<Asked> = procedure.chain(({ name, isMutation, input }) =>
  inputFor(input).map((written) => {
    const path = `/api/trpc/${name}`;
    const cookie: Pair = ["Cookie", SIGNED_IN];
    if (isMutation) return { ...begin("mutation", "POST", path, [...JSON_OF_OURS, cookie]), body: written };
    return { ...begin("query", "GET", path, [cookie]), query: written === "" ? [] : [["input", written] as const] };
  }),
);

export const batch: fc.Arbitrary<Asked> = fc
  .tuple(fc.array(fc.constantFrom(...PROCEDURES), { minLength: 1, maxLength: 12 }), fc.boolean(), inputFor(null))
  .map(([chosen, reads, input]) => {
    const names = reads ? chosen.map((_, at) => queries[at % queries.length]!.name) : chosen.map(({ name }) => name);
    const path = `/api/trpc/${names.join(",")}`;
    const written = input === "" ? "{}" : input;
    if (!reads)
      return { ...begin("batch", "POST", `${path}?batch=1`, [...JSON_OF_OURS, ["Cookie", SIGNED_IN]]), body: written };
    const query: Pair[] = [
      ["batch", "1"],
      ["input", written],
    ];
    return { ...begin("batch", "GET", path, [["Cookie", SIGNED_IN]]), query };
  });
