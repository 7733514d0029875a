import type { LossBounds } from "./loss-bounds";
import { lossModel } from "./loss-model";
import { LossTraceFormatter } from "./loss-trace";
import type { LossPolicy } from "./loss-policy";
import type { CheckResult } from "./policy-checks";
import { explore } from "./search";

/** The bounds of each search. */
export interface LossSearchBounds {
  browser: LossBounds;
  revocation: LossBounds;
  attacker: LossBounds;
}

export const DEFAULT_LOSS_BOUNDS: LossSearchBounds = {
  browser: { window: 4, maxLatency: 2, inFlight: 3, generations: 3 },
  revocation: { window: 4, maxLatency: 2, inFlight: 2, generations: 3 },
  attacker: { window: 4, maxLatency: 2, inFlight: 1, generations: 3, hasOneLoss: true },
};

export const THOROUGH_LOSS_BOUNDS: LossSearchBounds = {
  browser: { window: 4, maxLatency: 2, inFlight: 3, generations: 4 },
  revocation: { window: 4, maxLatency: 2, inFlight: 3, generations: 3 },
  attacker: { window: 4, maxLatency: 2, inFlight: 1, generations: 3 },
};

const IMPLEMENTED: LossPolicy = { name: "as implemented" };

/** Searches a counterexample for every property that holds although the database loses its last commits. */
export function checkLosses({ browser, revocation, attacker }: LossSearchBounds): CheckResult[] {
  const losses = (bounds: LossBounds) => (bounds.hasOneLoss ? "one loss" : "any losses");
  const sameBrowser = { browser: "same", staysOutsideWindow: true } as const;
  return [
    check("1, 2: one loss, no reissue among the lost commits", { ...browser, hasOneLoss: true, keepsReissues: true }),
    check("1, 2: any losses, if every instance noticed them before its next verdict", {
      ...revocation,
      noticesLosses: true,
    }),
    check("1, 2: a node that lags, whose row is older", { ...browser, hasLaggingNode: true }),
    check("1, 2: the same, one cookie jar with two user agents, one response of each rotation arrives", {
      ...browser,
      hasLaggingNode: true,
      hasTwoUserAgents: true,
    }),
    check("1, 2, 4, 6: one loss, two instances, revocation at any time", {
      ...revocation,
      hasOneLoss: true,
      keepsReissues: true,
      hasRevocation: true,
    }),
    check(`2, 3: ${losses(attacker)}, attacker with every token it has seen, outside the victim's windows`, {
      ...attacker,
      attacker: sameBrowser,
    }),
    check(`2, 3: ${losses(attacker)}, attacker with a different browser, any timing`, {
      ...attacker,
      attacker: { browser: "different" },
    }),
    check(`2, 3: ${losses(attacker)}, noticed, attacker with every token it has seen, outside the victim's windows`, {
      ...attacker,
      noticesLosses: true,
      attacker: sameBrowser,
    }),
    check(`2, 3: ${losses(attacker)}, noticed, attacker with a different browser, any timing`, {
      ...attacker,
      noticesLosses: true,
      attacker: { browser: "different" },
    }),
    check("2, 3: one loss, attacker with a different browser, any timing, as if nothing had been lost", {
      ...attacker,
      hasOneLoss: true,
      attacker: { browser: "different", isDetectedAcrossLosses: true },
    }),
  ];
}

/** What a loss still makes possible, each with a shortest history. */
export function findRemainingLossRisks(): CheckResult[] {
  const bounds = DEFAULT_LOSS_BOUNDS.revocation;
  const revocation = { ...bounds, keepsReissues: true, hasRevocation: true, requiresLastingRevocation: true } as const;
  return [
    check(
      "a thief with the same browser is noticed one refresh later: a token that was retired before is valid again",
      {
        ...DEFAULT_LOSS_BOUNDS.attacker,
        attacker: { browser: "same", staysOutsideWindow: true, isDetectedAcrossLosses: true },
      },
    ),
    check("an instance that never learned of a revocation refreshes the session", { ...revocation, hasOneLoss: true }),
    check("after the restore of a backup that is older than an access token's lifetime, no instance remembers", {
      ...revocation,
      hasOneLoss: true,
      forgetsMemory: true,
    }),
    check("a reissue is among the lost commits, and the loss is not noticed", { ...bounds, hasOneLoss: true }),
    check("two losses within one window, which are not noticed", { ...bounds, keepsReissues: true }),
    check("one cookie jar with two user agents", {
      ...bounds,
      hasOneLoss: true,
      keepsReissues: true,
      hasTwoUserAgents: true,
    }),
  ];
}

function check(name: string, bounds: LossBounds): CheckResult {
  const model = lossModel(IMPLEMENTED, bounds);
  const { states, transitions, violation } = explore(model);
  const { window, maxLatency, inFlight, generations } = bounds;
  const requests = `${inFlight} ${inFlight === 1 ? "request" : "requests"}`;
  const search = `${name}; window ${window}, latency ≤ ${maxLatency}, ${requests}, ${generations} rotations`;
  if (violation === null) return { search, states, transitions, counterexample: "none" };
  const trace = new LossTraceFormatter(model, bounds).format(violation.events, violation.invariant);
  return { search, states, transitions, counterexample: `violates invariant ${violation.invariant}`, trace };
}
