import { refreshWorkSeconds, requestLifeSeconds } from "@/server/auth/policy/lifetimes";
import type { CheckResult, SearchBounds } from "./policy-checks";
import { INVARIANTS } from "./invariants";
import { countLogouts, SCENARIOS, staysSignedIn } from "./delayed-responses";
import { markdownTable } from "./markdown";
import { IMPLEMENTED_POLICY, type Policy } from "./policy";
import { REJECTED_POLICIES } from "./rejected-policies";
import { remainsUndetected, type RejectedVariant } from "./counterexamples";

const GRACE_SECONDS = 30;
const FORKED = "breaks 2";

/** Everything that the explorer finds, as the section of ARCHITECTURE.md. The same on every machine. */
export function report(results: CheckResult[], variants: RejectedVariant[], bounds: SearchBounds): string {
  return [
    [
      "**What holds.** Times are in ticks. Each search visits every state that can be reached, without a bound on the length of the",
      "history; a pause longer than anything is measured is as long as one that is just too long.",
    ].join("\n"),
    resultsTable(results),
    [
      "In a game the thief goes on as long as its refreshes succeed and the victim, in between, receives refresh tokens. To keep clear",
      "is to stay away from the victim's refreshes by more than the window. A refresh counts as one when its refresh token arrives, and",
      "holders are holders of copies of one token.",
    ].join("\n"),
    "**What remains** for one jar with two user agents, in its shortest form. A thief's copy in another browser makes the same requests:",
    ["```text", ...results.flatMap(({ trace = [] }) => trace), "```"].join("\n"),
    "**What is rejected**, each by the shortest way in which it goes wrong:",
    variantsTable(variants),
    traces(variants),
    "**An answer that wakes up late**, longer after its request than any may live. Is its browser still signed in?",
    delayedResponsesTable(bounds),
    latencyBudget(),
  ].join("\n\n");
}

function resultsTable(results: CheckResult[]): string {
  const rows = results.map(({ search, states, transitions, counterexample }) => [
    search,
    count(states),
    count(transitions),
    counterexample,
  ]);
  return markdownTable(["invariants and bounds", "states", "moves", "counter-example"], rows);
}

function variantsTable(variants: RejectedVariant[]): string {
  const rows = variants.map(({ name, violates, steps }, index) => [
    `${index + 1}`,
    name,
    violationText(violates),
    `${steps}`,
  ]);
  return markdownTable(["", "rule", "what breaks", "steps"], rows);
}

function violationText(violates: RejectedVariant["violates"]): string {
  if (violates === null) return "nothing: a second lock";
  if (violates === "no rotation") return "none of the five: a session in use never rotates again";
  if (violates === "old token") return "none of the five: a copy of a replaced token is good for ever";
  return `${violates}: ${INVARIANTS[violates]}`;
}

function traces(variants: RejectedVariant[]): string {
  const blocks = variants.map(({ name, trace }, index) => {
    const label = `${index + 1}`.padStart(2);
    return [`${label}  ${name}`, ...abbreviated(trace).map((line) => `    ${line}`)].join("\n");
  });
  return ["```text", ...blocks, "```"].join("\n");
}

/** The same thing many times in a row is told twice. */
function abbreviated(trace: string[]): string[] {
  const event = (line: string | undefined) => line?.replace(/^t=\d+: [A-Z] /, "").replace(/^t=\d+: /, "");
  const isRepeated = (index: number) =>
    event(trace[index]) === event(trace[index - 1]) && event(trace[index]) === event(trace[index + 1]);
  return trace.flatMap((line, index) => {
    if (!isRepeated(index)) return [line];
    return isRepeated(index - 1) ? [] : ["…"];
  });
}

function delayedResponsesTable({ browser: { window, maxLatency } }: SearchBounds): string {
  const policies = [IMPLEMENTED_POLICY, ...REJECTED_POLICIES.filter(({ remembers }) => remembers !== undefined)];
  const row = (name: string, cell: (policy: Policy) => string) => [name, ...policies.map(cell)];
  return markdownTable(
    ["while it slept", ...policies.map(({ name }) => name)],
    [
      ...SCENARIOS.map(({ name, meanwhile }) =>
        row(name, (policy) => (staysSignedIn(policy, meanwhile, window) ? "yes" : "logged out")),
      ),
      row("states in which waking it hurts", (policy) => {
        if (forksOnRecover(policy)) return FORKED;
        const { delayed, loggedOut } = countLogouts(policy, window, maxLatency, 2);
        return `${percent(loggedOut / delayed)} of ${count(delayed)}`;
      }),
      row("a thief who keeps clear", (policy) => {
        if (forksOnRecover(policy)) return FORKED;
        return remainsUndetected(policy) ? "stays for ever" : "is noticed";
      }),
    ],
  );
}

/** Both siblings work after a recovery, which ends the search: there is nothing to count beyond it. */
function forksOnRecover({ remembers }: Policy): boolean {
  return remembers === "the replaced successor";
}

function latencyBudget(): string {
  const responseLatency = requestLifeSeconds(GRACE_SECONDS);
  const work = refreshWorkSeconds(GRACE_SECONDS);
  const slack = GRACE_SECONDS - responseLatency - 2 * work;
  return [
    "**Room.** An honest browser is safe exactly when way + life + 2 × work ≤ window: the way to the server and back beyond what the",
    `server can cut off, a request's life, and the work of a refresh that others share. Of ${GRACE_SECONDS} s, ${responseLatency} s and 2 × ${work} s are`,
    `taken, so ${slack} s are left for the network and for clocks of instances that differ.`,
  ].join("\n");
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
