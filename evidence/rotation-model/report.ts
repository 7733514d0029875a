import { refreshWorkSeconds, requestLifeSeconds } from "@/server/auth/policy/lifetimes";
import type { Finding, Scale } from "./policy-checks";
import { INVARIANTS } from "./invariants";
import { countHarm, ORDERS, survives } from "./delayed-responses";
import { markdownTable } from "./markdown";
import { CONTRACT, type Policy } from "./policy";
import { REJECTED_POLICIES } from "./rejected-policies";
import { survivesForEver, type Rejection } from "./counterexamples";

const GRACE_SECONDS = 30;
const FORKS = "breaks 2";

/** Everything that the explorer finds, as the body of tables.md. The same on every machine. */
export function report(findings: Finding[], rejections: Rejection[], scale: Scale): string {
  return [
    [
      "**What holds.** Times are in ticks. Each search visits every state that can be reached, without a bound on the length of the",
      "history; a pause longer than anything is measured is as long as one that is just too long.",
    ].join("\n"),
    findingsTable(findings),
    [
      "In a game the thief goes on as long as its refreshes succeed and the victim, in between, receives refresh tokens. To keep clear",
      "is to stay away from the victim's refreshes by more than the window. A refresh counts as one when its refresh token arrives, and",
      "holders are holders of copies of one token.",
    ].join("\n"),
    "**What remains** for one jar with two user agents, in its shortest form. A thief's copy in another browser makes the same requests:",
    ["```text", ...findings.flatMap(({ story = [] }) => story), "```"].join("\n"),
    "**What is rejected**, each by the shortest way in which it goes wrong:",
    rejectionsTable(rejections),
    stories(rejections),
    "**An answer that wakes up late**, longer after its request than any may live. Is its browser still signed in?",
    lateTable(scale),
    roomLeft(),
  ].join("\n\n");
}

function findingsTable(findings: Finding[]): string {
  const rows = findings.map(({ search, states, moves, counterExample }) => [
    search,
    count(states),
    count(moves),
    counterExample,
  ]);
  return markdownTable(["invariants and bounds", "states", "moves", "counter-example"], rows);
}

function rejectionsTable(rejections: Rejection[]): string {
  const rows = rejections.map(({ name, breaks, steps }, index) => [`${index + 1}`, name, broken(breaks), `${steps}`]);
  return markdownTable(["", "rule", "what breaks", "steps"], rows);
}

function broken(breaks: Rejection["breaks"]): string {
  if (breaks === null) return "nothing: a second lock";
  if (breaks === "no rotation") return "none of the five: a session in use never rotates again";
  if (breaks === "old token") return "none of the five: a copy of a replaced token is good for ever";
  return `${breaks}: ${INVARIANTS[breaks]}`;
}

function stories(rejections: Rejection[]): string {
  const told = rejections.map(({ name, story }, index) => {
    const label = `${index + 1}`.padStart(2);
    return [`${label}  ${name}`, ...shortened(story).map((line) => `    ${line}`)].join("\n");
  });
  return ["```text", ...told, "```"].join("\n");
}

/** The same thing many times in a row is told twice. */
function shortened(story: string[]): string[] {
  const what = (line: string | undefined) => line?.replace(/^t=\d+: [A-Z] /, "").replace(/^t=\d+: /, "");
  const isRepeated = (index: number) =>
    what(story[index]) === what(story[index - 1]) && what(story[index]) === what(story[index + 1]);
  return story.flatMap((line, index) => {
    if (!isRepeated(index)) return [line];
    return isRepeated(index - 1) ? [] : ["…"];
  });
}

function lateTable({ browser: { window, leg } }: Scale): string {
  const policies = [CONTRACT, ...REJECTED_POLICIES.filter(({ remembers }) => remembers !== undefined)];
  const row = (name: string, cell: (policy: Policy) => string) => [name, ...policies.map(cell)];
  return markdownTable(
    ["while it slept", ...policies.map(({ name }) => name)],
    [
      ...ORDERS.map(({ name, meanwhile }) =>
        row(name, (policy) => (survives(policy, meanwhile, window) ? "yes" : "logged out")),
      ),
      row("states in which waking it hurts", (policy) => {
        if (forksOnRecovery(policy)) return FORKS;
        const { asleep, harmful } = countHarm(policy, window, leg, 2);
        return `${percent(harmful / asleep)} of ${count(asleep)}`;
      }),
      row("a thief who keeps clear", (policy) => {
        if (forksOnRecovery(policy)) return FORKS;
        return survivesForEver(policy) ? "stays for ever" : "is noticed";
      }),
    ],
  );
}

/** Both siblings work after a recovery, which ends the search: there is nothing to count beyond it. */
function forksOnRecovery({ remembers }: Policy): boolean {
  return remembers === "the replaced successor";
}

function roomLeft(): string {
  const life = requestLifeSeconds(GRACE_SECONDS);
  const work = refreshWorkSeconds(GRACE_SECONDS);
  const room = GRACE_SECONDS - life - 2 * work;
  return [
    "**Room.** An honest browser is safe exactly when way + life + 2 × work ≤ window: the way to the server and back beyond what the",
    `server can cut off, a request's life, and the work of a refresh that others share. Of ${GRACE_SECONDS} s, ${life} s and 2 × ${work} s are`,
    `taken, so ${room} s are left for the network and for clocks of instances that differ.`,
  ].join("\n");
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
