import { explore, type SearchResult } from "@/evidence/mail-model/search";
import { markdownTable } from "@/evidence/rotation-model/markdown";
import { hasSecondFactor, secondFactorMethods, waysIn, without, type AccountWays } from "@/server/auth/policy/ways-in";
import { factorModel, PROPERTIES, type FactorPolicy, type Property } from "./model";

export interface Result extends SearchResult {
  name: string;
}

const IMPLEMENTED: FactorPolicy = { name: "as implemented" };

export const REJECTED_POLICIES: readonly FactorPolicy[] = [
  { name: "a removal is never refused", mayRemove: () => true },
  { name: "a removal may leave any way", mayRemove: (account, what) => waysIn(without(account, what)).length > 0 },
  {
    name: "a removal may leave the mailbox where no second factor is left",
    mayRemove: (account, what) => {
      const left = without(account, what);
      const hasFactor = hasSecondFactor(left);
      return waysIn(left).some(([first]) => first !== "mailbox" || !hasFactor);
    },
  },
  { name: "a factor is removed only by using it", removalAsksForIt: true },
  { name: "the last recovery code makes no new set", lastCodeMakesNoNewSet: true },
  { name: "a reset removes the second factor", resetRemovesFactors: true },
  {
    name: "recovery codes stay, and are asked for, without another factor",
    codesStayWithoutFactor: true,
    hasSecondFactor: (factors) => hasSecondFactor(factors) || factors.recoveryCodes > 0,
    secondFactorMethods: (factors) => [
      ...secondFactorMethods({ ...factors, recoveryCodes: 0 }),
      ...(factors.recoveryCodes > 0 ? (["recovery-code"] as const) : []),
    ],
  },
  {
    name: "an address that was never confirmed is listed as a way",
    waysIn: (account: AccountWays) => waysIn({ ...account, emailVerified: true }),
  },
  {
    name: "a passkey of the former domain does not count as a second factor",
    hasSecondFactor: (factors) => hasSecondFactor({ ...factors, otherPasskeys: 0 }),
  },
  {
    name: "a passkey of the former domain counts as a way that is left",
    mayRemove: (account, what) => {
      const { passkeys, otherPasskeys, ...left } = without(account, what);
      const ways = waysIn({ ...left, passkeys: passkeys + otherPasskeys, otherPasskeys: 0 });
      return ways.some(([first]) => first !== "mailbox");
    },
  },
  {
    name: "a passkey is listed only as the second step",
    waysIn: (account: AccountWays) => waysIn(account).filter((way) => way.length > 1 || way[0] !== "passkey"),
  },
];

const run = (policy: FactorPolicy, isMailOn: boolean, name: string, by?: "password" | "passkey"): Result => ({
  name,
  ...explore(factorModel(policy, isMailOn, by)),
});

export function checkImplementedRules(): Result[] {
  return [
    run(IMPLEMENTED, true, "with mail"),
    run(IMPLEMENTED, false, "without mail"),
    run(IMPLEMENTED, true, "registered with a passkey, with mail", "passkey"),
    run(IMPLEMENTED, false, "registered with a passkey, without mail", "passkey"),
  ];
}

export function findCounterexamples(): Result[] {
  return REJECTED_POLICIES.map((policy) => run(policy, true, policy.name));
}

/** The results as Markdown. Deterministic, so that a test can compare the committed tables. */
export function report(results: Result[], variants: Result[]): string {
  const meaningOf = (property: number) => PROPERTIES[property as Property];
  return [
    "**Properties.**",
    Object.entries(PROPERTIES)
      .map(([number, text]) => `${number}. ${text}`)
      .join("\n"),
    "**They hold** in every reachable state; the length of a history is not bounded.",
    markdownTable(
      ["search", "states", "transitions", "counterexample"],
      results.map(({ name, states, transitions, counterexample }) => [
        name,
        states.toLocaleString("en"),
        transitions.toLocaleString("en"),
        counterexample === null ? "none" : `violates ${counterexample.property}`,
      ]),
    ),
    "**Rules left out**, each with a shortest counterexample:",
    markdownTable(
      ["", "without the rule", "violates"],
      variants.map(({ name, counterexample }, index) => [
        `${index + 1}`,
        name,
        counterexample === null ? "nothing" : `${counterexample.property}: ${meaningOf(counterexample.property)}`,
      ]),
    ),
    [
      "```text",
      ...variants.flatMap(({ name, counterexample }, index) => [
        `${`${index + 1}`.padStart(2)}  ${name}`,
        ...(counterexample?.trace ?? []).map((line) => `    ${line}`),
      ]),
      "```",
    ].join("\n"),
  ].join("\n\n");
}
