import { refreshTimeoutSeconds, requestTimeoutSeconds } from "@/server/auth/policy/lifetimes";
import type { CheckResult, SearchBounds } from "./policy-checks";
import { INVARIANTS } from "./invariants";
import { countLogouts, SCENARIOS, staysSignedIn } from "./delayed-responses";
import { markdownTable } from "./markdown";
import { IMPLEMENTED_POLICY, type Policy } from "./policy";
import { REJECTED_POLICIES } from "./rejected-policies";
import { remainsUndetected, type RejectedVariant } from "./counterexamples";

const GRACE_SECONDS = 30;
const FORKED = "violates invariant 2";

/** The results of all searches as Markdown. Deterministic, so that a test can compare the committed tables. */
export function report(
  results: CheckResult[],
  losses: { properties: CheckResult[]; risks: CheckResult[] },
  variants: RejectedVariant[],
  bounds: SearchBounds,
): string {
  return [
    [
      "**Properties that hold.** Times are in ticks. Each search visits every reachable state; the length of a history is not bounded.",
      "Ages are capped just above the largest threshold, so that a pause of any length is covered.",
    ].join("\n"),
    resultsTable(results),
    [
      "In a game a counterexample is an infinite play in which the attacker's refreshes succeed again and again and, between them, the",
      "victim receives refresh tokens. Outside the victim's windows means more than one window away from every refresh of the victim. A",
      "refresh counts when its refresh token arrives. The two holders of a token are two browsers with a copy of it.",
      "Same and different browser: by the browser and operating system that the server derives from the User-Agent header.",
    ].join("\n"),
    "**Known limitation:** one cookie jar with two user agents. The server cannot distinguish it from an attacker with a copied token in a different browser, which sends the same requests:",
    ["```text", ...results.flatMap(({ trace = [] }) => trace), "```"].join("\n"),
    [
      "**When the database loses its last commits.** A replica that is behind is promoted, or a backup is restored: the row becomes what it was at",
      'any earlier time, with requests and responses under way. A loss counts as a new copy of every token that a thief has seen; "as if nothing',
      'had been lost" means that it does not. In these searches the number of rotations is bounded, and so is the length of a history.',
    ].join("\n"),
    resultsTable(losses.properties),
    [
      "**What remains possible after a loss**, each with a shortest history. An instance that has noticed a loss lets no window end for the length",
      "of one, which excludes the fourth and the fifth; they remain for verdicts between the loss and its notice.",
    ].join("\n"),
    ["```text", ...losses.risks.flatMap(riskLines), "```"].join("\n"),
    "**Rejected variants**, each with a shortest counterexample:",
    variantsTable(variants),
    traces(variants),
    "**Delayed responses.** A response arrives later than the request lifetime allows. Is its browser still signed in?",
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
  return markdownTable(["invariants and bounds", "states", "transitions", "counterexample"], rows);
}

function riskLines({ search, trace = [] }: CheckResult, index: number): string[] {
  const [name] = search.split(";");
  return [` ${index + 1}  ${name}`, ...trace.map((line) => `    ${line}`)];
}

function variantsTable(variants: RejectedVariant[]): string {
  const rows = variants.map(({ name, violates, steps }, index) => [
    `${index + 1}`,
    name,
    violationText(violates),
    `${steps}`,
  ]);
  return markdownTable(["", "variant", "violates", "steps"], rows);
}

function violationText(violates: RejectedVariant["violates"]): string {
  if (violates === null) return "nothing: redundant with another rule";
  if (violates === "never rotates") return "liveness: a session in use never rotates again";
  if (violates === "replaced token accepted") return "liveness: a copy of a replaced token is accepted indefinitely";
  return `${violates}: ${INVARIANTS[violates]}`;
}

function traces(variants: RejectedVariant[]): string {
  const blocks = variants.map(({ name, trace }, index) => {
    const label = `${index + 1}`.padStart(2);
    return [`${label}  ${name}`, ...abbreviated(trace).map((line) => `    ${line}`)].join("\n");
  });
  return ["```text", ...blocks, "```"].join("\n");
}

/** Replaces the middle of a run of equal lines with an ellipsis. */
function abbreviated(trace: string[]): string[] {
  const event = (line: string | undefined) => line?.replace(/^t=\d+: Request [A-Z] /, "").replace(/^t=\d+: /, "");
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
    ["during the delay", ...policies.map(({ name }) => name)],
    [
      ...SCENARIOS.map(({ name, meanwhile }) =>
        row(name, (policy) => (staysSignedIn(policy, meanwhile, window) ? "yes" : "logged out")),
      ),
      row("states in which its arrival logs out", (policy) => {
        if (forksOnRecover(policy)) return FORKED;
        const { delayed, loggedOut } = countLogouts(policy, window, maxLatency, 2);
        return `${percent(loggedOut / delayed)} of ${count(delayed)}`;
      }),
      row("attacker outside the victim's windows", (policy) => {
        if (forksOnRecover(policy)) return FORKED;
        return remainsUndetected(policy) ? "never detected" : "detected";
      }),
    ],
  );
}

/** Two token families are valid after *recover*, which ends the search: there is nothing to count after it. */
function forksOnRecover({ remembers }: Policy): boolean {
  return remembers === "the replaced successor";
}

function latencyBudget(): string {
  const lifetime = requestTimeoutSeconds(GRACE_SECONDS);
  const work = refreshTimeoutSeconds(GRACE_SECONDS);
  const slack = GRACE_SECONDS - lifetime - 2 * work;
  return [
    "**Latency budget.** An honest browser stays signed in exactly when latency + request lifetime + 2 × work ≤ window. The latency is the",
    "network time that the server cannot bound; the work is the duration of a refresh that concurrent requests share. Of the",
    `${GRACE_SECONDS} s, ${lifetime} s and 2 × ${work} s are used, which leaves ${slack} s for the network and for clock differences between instances.`,
  ].join("\n");
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
