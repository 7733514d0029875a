import fc from "fast-check";
import type { FuzzRequest, NameValue } from "@/evidence/fuzz/fuzz-request";
import { inputFor } from "@/evidence/fuzz/inputs";
import { PROCEDURES } from "@/evidence/fuzz/procedures";
import { baseRequest, SESSION_COOKIES } from "./base-request";

export const procedure = fc.oneof(...PROCEDURES.map((one) => ({ weight: one.weight, arbitrary: fc.constant(one) })));
const queries = PROCEDURES.filter(({ isMutation }) => !isMutation);

const SAME_ORIGIN_JSON: readonly NameValue[] = [
  ["Content-Type", "application/json"],
  ["Origin", "{{origin}}"],
];

/** One call with a valid or nearly valid input. */
export const call: fc.Arbitrary<FuzzRequest> = procedure.chain(({ name, isMutation, input }) =>
  inputFor(input).map((written) => {
    const path = `/api/trpc/${name}`;
    const cookie: NameValue = ["Cookie", SESSION_COOKIES];
    if (isMutation) return { ...baseRequest("mutation", "POST", path, [...SAME_ORIGIN_JSON, cookie]), body: written };
    return {
      ...baseRequest("query", "GET", path, [cookie]),
      query: written === "" ? [] : [["input", written] as const],
    };
  }),
);

export const batch: fc.Arbitrary<FuzzRequest> = fc
  .tuple(fc.array(fc.constantFrom(...PROCEDURES), { minLength: 1, maxLength: 12 }), fc.boolean(), inputFor(null))
  .map(([chosen, reads, input]) => {
    const names = reads ? chosen.map((_, at) => queries[at % queries.length]!.name) : chosen.map(({ name }) => name);
    const path = `/api/trpc/${names.join(",")}`;
    const written = input === "" ? "{}" : input;
    if (!reads)
      return {
        ...baseRequest("batch", "POST", `${path}?batch=1`, [...SAME_ORIGIN_JSON, ["Cookie", SESSION_COOKIES]]),
        body: written,
      };
    const query: NameValue[] = [
      ["batch", "1"],
      ["input", written],
    ];
    return { ...baseRequest("batch", "GET", path, [["Cookie", SESSION_COOKIES]]), query };
  });
