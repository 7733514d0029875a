import type { Bounds } from "./bounds";
import { browserModel } from "./browser-model";
import { BrowserTraceFormatter } from "./browser-trace";
import { IMPLEMENTED_WRITES, LIFETIMES } from "./policy-checks";
import { interleavingModel, type InterleavingBounds } from "./interleaving-model";
import { formatInterleaving } from "./interleaving-trace";
import { ALL_LIMITS, formatLifetimes, lifetimesModel, type LimitRules } from "./lifetimes-model";
import { IMPLEMENTED_POLICY, type Policy } from "./policy";
import { REJECTED_POLICIES } from "./rejected-policies";
import { explore, type Invariant } from "./search";
import { searchStarvation, searchReplacedToken, searchAttackerGame, STRATEGIES } from "./attacker-games";

/** What condemns a rule, or the lack of one. */
export interface RejectedVariant {
  name: string;
  /** The invariant that breaks; or what can go on for ever. */
  violates: Invariant | "no rotation" | "old token" | null;
  steps: number;
  trace: string[];
}

const SMALL_BOUNDS: Bounds = { window: 4, maxLatency: 2, inFlight: 3 };
const MINIMAL_BOUNDS: Bounds = { ...SMALL_BOUNDS, inFlight: 1 };
const SEARCHES: readonly Bounds[] = [
  { ...SMALL_BOUNDS, hasRevocation: true },
  { ...SMALL_BOUNDS, inFlight: 2, attacker: { browser: "same", staysOutsideWindow: true } },
  { ...SMALL_BOUNDS, inFlight: 2, attacker: { browser: "another" } },
  { ...SMALL_BOUNDS, hasTwoUserAgents: true, guaranteesDelivery: true },
  { ...SMALL_BOUNDS, inFlight: 2, attacker: { browser: "another", requiresImmediateDetection: true } },
];
const INTERLEAVING_BOUNDS: InterleavingBounds = {
  window: 5,
  requestLatency: 2,
  work: 1,
  orphanDelay: 0,
  responseLatency: 2,
  sharesRefreshes: false,
  ...IMPLEMENTED_WRITES,
};

const REJECTED_INTERLEAVINGS: readonly [name: string, bounds: InterleavingBounds][] = [
  ["the UPDATE is conditional on nothing", { ...INTERLEAVING_BOUNDS, onConflict: "write anyway" }],
  ["whoever loses the race is refused", { ...INTERLEAVING_BOUNDS, onConflict: "are refused" }],
  ["the UPDATE does not look at revoked_at", { ...INTERLEAVING_BOUNDS, comparesRevocation: false }],
  ["the UPDATE compares the nonces and not handed_at", { ...INTERLEAVING_BOUNDS, comparesHandedAt: false }],
  ["the work of a refresh takes longer than the window leaves room for", { ...INTERLEAVING_BOUNDS, window: 4 }],
  ["a shared flight takes longer than the window leaves room for", { ...INTERLEAVING_BOUNDS, sharesRefreshes: true }],
];

const REJECTED_LIMITS: readonly [name: string, rules: LimitRules][] = [
  ["the verdict does not look at the idle limit", { ...ALL_LIMITS, checksIdle: false }],
  [
    "the verdict does not look at the absolute limit, which the idle one keeps to",
    { ...ALL_LIMITS, checksAbsolute: false },
  ],
  ["the idle limit may lie behind the absolute one", { ...ALL_LIMITS, capsIdle: false }],
  ["a rotation does not move the row's idle limit", { ...ALL_LIMITS, extendsRow: false }],
  ["a rotation does not move the cookie's end", { ...ALL_LIMITS, extendsCookie: false }],
];

/** Everything that we do not do, with the shortest way in which it goes wrong. */
export function findCounterexamples(): RejectedVariant[] {
  return [
    ...REJECTED_POLICIES.map(findCounterexample),
    rejectSlowResponses("replies slower than half the window", { ...SMALL_BOUNDS, maxLatency: 3 }),
    ...REJECTED_INTERLEAVINGS.map(([name, bounds]) => {
      const { violation } = explore(interleavingModel(IMPLEMENTED_POLICY, bounds));
      return variant(name, violation, (events, invariant) => formatInterleaving(events, invariant));
    }),
    ...REJECTED_LIMITS.map(([name, rules]) => {
      const { violation } = explore(lifetimesModel(LIFETIMES, rules));
      return variant(name, violation, (events, invariant) => formatLifetimes(events, invariant));
    }),
  ];
}

export function findCounterexample(policy: Policy): RejectedVariant {
  for (const bounds of SEARCHES) {
    const model = browserModel(policy, bounds);
    const { violation } = explore(model);
    if (violation !== null) {
      return variant(policy.name, violation, (...found) => new BrowserTraceFormatter(model, policy).format(...found));
    }
  }
  // No invariant breaks, so far. What is left is a thief who goes on for ever.
  const games = [
    ["no rotation", searchStarvation(policy, MINIMAL_BOUNDS)] as const,
    ["old token", searchReplacedToken(policy, MINIMAL_BOUNDS)] as const,
  ];
  const [violates, { outcome, model }] = games.find(([, { outcome }]) => outcome.kind === "infinite") ?? games[0]!;
  if (outcome.kind === "finite") return variant(policy.name, null, () => []);
  const { stem, cycle } = outcome;
  const trace = new BrowserTraceFormatter(model, policy).format([...stem, ...cycle, ...cycle], null);
  return {
    name: policy.name,
    violates,
    steps: stem.length + cycle.length,
    trace: [...trace, "And so on, for ever."],
  };
}

/** Whether a thief who keeps clear of the victim stays unnoticed for ever. */
export function remainsUndetected(policy: Policy): boolean {
  const outsideWindow = STRATEGIES["keeps clear of the victim's refreshes"];
  return searchAttackerGame(policy, outsideWindow, MINIMAL_BOUNDS).outcome.kind === "infinite";
}

function rejectSlowResponses(name: string, bounds: Bounds): RejectedVariant {
  const model = browserModel(IMPLEMENTED_POLICY, bounds);
  return variant(name, explore(model).violation, (...found) =>
    new BrowserTraceFormatter(model, IMPLEMENTED_POLICY).format(...found),
  );
}

function variant(
  name: string,
  violation: { invariant: Invariant; events: number[] } | null,
  formatTrace: (events: number[], invariant: Invariant) => string[],
): RejectedVariant {
  if (violation === null)
    return { name, violates: null, steps: 0, trace: ["No history goes wrong: it is there twice."] };
  const { invariant, events } = violation;
  return { name, violates: invariant, steps: events.length, trace: formatTrace(events, invariant) };
}
