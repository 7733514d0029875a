import { markdownTable } from "@/evidence/rotation-model/markdown";
import { REJECTED_POLICIES } from "./rejected-policies";
import { PROPERTIES, type SearchResult } from "./search";
import { LIMITS, run, SEARCHES } from "./searches";

export interface Result extends SearchResult {
  name: string;
}

export function checkImplementedRules(): Result[] {
  return Object.entries(SEARCHES).map(([name, bounds]) => ({ name, ...run(bounds) }));
}

export function findLimits(): Result[] {
  return Object.entries(LIMITS).map(([name, bounds]) => ({ name, ...run(bounds) }));
}

export function findCounterexamples(): Result[] {
  return REJECTED_POLICIES.map((policy) => ({ name: policy.name, ...run(SEARCHES[policy.search], policy) }));
}

/** The results as Markdown. Deterministic, so that a test can compare the committed tables. */
export function report(results: Result[], limits: Result[], variants: Result[]): string {
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
    "**What remains possible**, each with a shortest history:",
    histories(limits),
    "**Rules left out**, each with a shortest counterexample:",
    markdownTable(
      ["", "without the rule", "violates", "steps"],
      variants.map(({ name, counterexample }, index) => [
        `${index + 1}`,
        name,
        counterexample === null
          ? "nothing: redundant with another rule"
          : `${counterexample.property}: ${PROPERTIES[counterexample.property]}`,
        `${counterexample?.trace.length ?? 0}`,
      ]),
    ),
    histories(variants),
  ].join("\n\n");
}

function histories(results: Result[]): string {
  const blocks = results.map(({ name, counterexample }, index) => {
    const label = `${index + 1}`.padStart(2);
    return [`${label}  ${name}`, ...abbreviated(counterexample?.trace ?? []).map((line) => `    ${line}`)].join("\n");
  });
  return ["```text", ...blocks, "```"].join("\n");
}

/** Replaces the middle of a run of equal lines with an ellipsis. */
function abbreviated(trace: string[]): string[] {
  const isRepeated = (at: number) => trace[at] === trace[at - 1] && trace[at] === trace[at + 1];
  return trace.flatMap((line, at) => (isRepeated(at) ? (isRepeated(at - 1) ? [] : ["…"]) : [line]));
}
