import type { Bounds } from "./bounds";
import { browserModel } from "./browser-model";
import { BrowserTraceFormatter } from "./browser-trace";
import { IMPLEMENTED_WRITES, LIFETIMES } from "./policy-checks";
import { interleavingModel, type InterleavingBounds } from "./interleaving-model";
import { formatInterleaving } from "./interleaving-trace";
import { ALL_LIMITS, formatLifetimes, lifetimesModel, type LimitRules } from "./lifetimes-model";
import { IMPLEMENTED_POLICY, type Policy } from "./policy";
import { lossModel } from "./loss-model";
import type { LossPolicy } from "./loss-policy";
import { LossTraceFormatter } from "./loss-trace";
import { LOSS_SEARCHES, REJECTED_LOSS_POLICIES } from "./rejected-loss-policies";
import { REJECTED_POLICIES } from "./rejected-policies";
import { explore, type Invariant } from "./search";
import { searchStarvation, searchReplacedToken, searchAttackerGame, STRATEGIES } from "./attacker-games";

/** A variant of the policy with its shortest counterexample. */
export interface RejectedVariant {
  name: string;
  /** The violated invariant, or the liveness property; null if there is no counterexample. */
  violates: Invariant | "never rotates" | "replaced token accepted" | null;
  steps: number;
  trace: string[];
}

const SMALL_BOUNDS: Bounds = { window: 4, maxLatency: 2, inFlight: 3 };
const MINIMAL_BOUNDS: Bounds = { ...SMALL_BOUNDS, inFlight: 1 };
const SEARCHES: readonly Bounds[] = [
  { ...SMALL_BOUNDS, hasRevocation: true },
  { ...SMALL_BOUNDS, inFlight: 2, attacker: { browser: "same", staysOutsideWindow: true } },
  { ...SMALL_BOUNDS, inFlight: 2, attacker: { browser: "different" } },
  { ...SMALL_BOUNDS, hasTwoUserAgents: true, guaranteesDelivery: true },
  { ...SMALL_BOUNDS, inFlight: 2, attacker: { browser: "different", requiresImmediateDetection: true } },
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
  ["the UPDATE has no condition", { ...INTERLEAVING_BOUNDS, onConflict: "write anyway" }],
  ["the request that loses the race is refused", { ...INTERLEAVING_BOUNDS, onConflict: "are refused" }],
  ["the UPDATE does not compare revoked_at", { ...INTERLEAVING_BOUNDS, comparesRevocation: false }],
  ["the UPDATE compares the nonces but not handed_at", { ...INTERLEAVING_BOUNDS, comparesHandedAt: false }],
  ["the work of a refresh takes longer than the window allows", { ...INTERLEAVING_BOUNDS, window: 4 }],
  ["a shared refresh takes longer than the window allows", { ...INTERLEAVING_BOUNDS, sharesRefreshes: true }],
];

const REJECTED_LIMITS: readonly [name: string, rules: LimitRules][] = [
  ["the verdict does not check the idle limit", { ...ALL_LIMITS, checksIdle: false }],
  [
    "the verdict does not check the absolute limit, which caps the idle limit",
    { ...ALL_LIMITS, checksAbsolute: false },
  ],
  ["the idle limit may exceed the absolute limit", { ...ALL_LIMITS, capsIdle: false }],
  ["a rotation does not extend the row's idle limit", { ...ALL_LIMITS, extendsRow: false }],
  ["a rotation does not extend the cookie's expiry", { ...ALL_LIMITS, extendsCookie: false }],
];

/** Every rejected variant with its shortest counterexample. */
export function findCounterexamples(): RejectedVariant[] {
  return [
    ...REJECTED_POLICIES.map(findCounterexample),
    rejectSlowResponses("responses slower than half the window", { ...SMALL_BOUNDS, maxLatency: 3 }),
    ...REJECTED_INTERLEAVINGS.map(([name, bounds]) => {
      const { violation } = explore(interleavingModel(IMPLEMENTED_POLICY, bounds));
      return rejectedVariant(name, violation, (events, invariant) => formatInterleaving(events, invariant));
    }),
    ...REJECTED_LIMITS.map(([name, rules]) => {
      const { violation } = explore(lifetimesModel(LIFETIMES, rules));
      return rejectedVariant(name, violation, (events, invariant) => formatLifetimes(events, invariant));
    }),
    ...REJECTED_LOSS_POLICIES.map(findLossCounterexample),
  ];
}

function findLossCounterexample(policy: LossPolicy): RejectedVariant {
  for (const bounds of LOSS_SEARCHES) {
    const model = lossModel(policy, bounds);
    const { violation } = explore(model);
    if (violation === null) continue;
    return rejectedVariant(policy.name, violation, (...found) =>
      new LossTraceFormatter(model, bounds).format(...found),
    );
  }
  return rejectedVariant(policy.name, null, () => []);
}

export function findCounterexample(policy: Policy): RejectedVariant {
  for (const bounds of SEARCHES) {
    const model = browserModel(policy, bounds);
    const { violation } = explore(model);
    if (violation !== null) {
      return rejectedVariant(policy.name, violation, (...found) =>
        new BrowserTraceFormatter(model, policy).format(...found),
      );
    }
  }
  // No invariant is violated within the bounds. What remains is a liveness violation: an infinite play.
  const games = [
    ["never rotates", searchStarvation(policy, MINIMAL_BOUNDS)] as const,
    ["replaced token accepted", searchReplacedToken(policy, MINIMAL_BOUNDS)] as const,
  ];
  const [violates, { outcome, model }] = games.find(([, { outcome }]) => outcome.kind === "infinite") ?? games[0]!;
  if (outcome.kind === "finite") return rejectedVariant(policy.name, null, () => []);
  const { stem, cycle } = outcome;
  const trace = new BrowserTraceFormatter(model, policy).format([...stem, ...cycle, ...cycle], null);
  return {
    name: policy.name,
    violates,
    steps: stem.length + cycle.length,
    trace: [...trace, "This repeats without end."],
  };
}

/** Whether an attacker outside the victim's windows is never detected. */
export function remainsUndetected(policy: Policy): boolean {
  const outsideWindow = STRATEGIES["outside the victim's windows"];
  return searchAttackerGame(policy, outsideWindow, MINIMAL_BOUNDS).outcome.kind === "infinite";
}

function rejectSlowResponses(name: string, bounds: Bounds): RejectedVariant {
  const model = browserModel(IMPLEMENTED_POLICY, bounds);
  return rejectedVariant(name, explore(model).violation, (...found) =>
    new BrowserTraceFormatter(model, IMPLEMENTED_POLICY).format(...found),
  );
}

function rejectedVariant(
  name: string,
  violation: { invariant: Invariant; events: number[] } | null,
  formatTrace: (events: number[], invariant: Invariant) => string[],
): RejectedVariant {
  if (violation === null)
    return { name, violates: null, steps: 0, trace: ["No counterexample: another rule enforces the same limit."] };
  const { invariant, events } = violation;
  return { name, violates: invariant, steps: events.length, trace: formatTrace(events, invariant) };
}
