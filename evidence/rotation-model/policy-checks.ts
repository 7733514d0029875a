import type { Bounds } from "./bounds";
import { browserModel } from "./browser-model";
import { BrowserTraceFormatter } from "./browser-trace";
import { interleavingModel, type InterleavingBounds } from "./interleaving-model";
import { ALL_LIMITS, lifetimesModel } from "./lifetimes-model";
import { DEFAULT_LOSS_BOUNDS, THOROUGH_LOSS_BOUNDS, type LossSearchBounds } from "./loss-checks";
import { IMPLEMENTED_POLICY } from "./policy";
import { explore, type Model } from "./search";
import {
  searchStarvation,
  searchReplacedToken,
  searchAttackerGame,
  STRATEGIES,
  type GameResult,
} from "./attacker-games";

/** The bounds of each search. */
export interface SearchBounds {
  browser: Bounds;
  twoUserAgents: Bounds;
  attacker: Bounds;
  game: Bounds;
  interleaving: InterleavingBounds;
  losses: LossSearchBounds;
}

/** As implemented: the UPDATE compares everything that the verdict depends on. */
export const IMPLEMENTED_WRITES = {
  comparesHandedAt: true,
  comparesRevocation: true,
  onConflict: "read again",
} as const;

/** Four ticks for the window, two for each latency: with half of that, a window has no inner structure. */
export const DEFAULT_BOUNDS: SearchBounds = {
  browser: { window: 4, maxLatency: 2, inFlight: 5 },
  twoUserAgents: { window: 4, maxLatency: 2, inFlight: 4 },
  attacker: { window: 4, maxLatency: 2, inFlight: 3 },
  game: { window: 4, maxLatency: 2, inFlight: 2 },
  interleaving: {
    window: 6,
    requestLatency: 2,
    work: 1,
    orphanDelay: 2,
    responseLatency: 2,
    sharesRefreshes: true,
    ...IMPLEMENTED_WRITES,
  },
  losses: DEFAULT_LOSS_BOUNDS,
};

export const THOROUGH_BOUNDS: SearchBounds = {
  browser: { window: 8, maxLatency: 4, inFlight: 4 },
  twoUserAgents: { window: 8, maxLatency: 4, inFlight: 3 },
  attacker: { window: 6, maxLatency: 3, inFlight: 3 },
  game: { window: 6, maxLatency: 3, inFlight: 2 },
  interleaving: {
    window: 10,
    requestLatency: 2,
    work: 2,
    orphanDelay: 0,
    responseLatency: 4,
    sharesRefreshes: true,
    ...IMPLEMENTED_WRITES,
  },
  losses: THOROUGH_LOSS_BOUNDS,
};

export const LIFETIMES = { window: 2, idle: 6, absolute: 15 };

export interface CheckResult {
  search: string;
  states: number;
  transitions: number;
  counterexample: string;
  /** The counterexample of a known limitation. */
  trace?: string[];
}

/** Searches a counterexample for every property that the implemented policy claims. */
export function checkImplementedPolicy(bounds: SearchBounds): CheckResult[] {
  const { browser, twoUserAgents, attacker, game, interleaving } = bounds;
  const describeBounds = (bounds: Bounds) =>
    `window ${bounds.window}, latency ≤ ${bounds.maxLatency}, ${bounds.inFlight} ${bounds.inFlight === 1 ? "request" : "requests"}`;
  const interleavingBounds = `window ${interleaving.window}, latency ≤ ${interleaving.requestLatency}, work ≤ ${interleaving.work}, response ≤ ${interleaving.responseLatency}`;
  const outsideWindow = STRATEGIES["outside the victim's windows"];
  const otherBrowser = STRATEGIES["different browser, any timing"];
  const insideWindow = STRATEGIES["same browser, any timing"];
  return [
    checkInvariants(
      `1, 2, 4: one browser, crashes, revocation at any time; ${describeBounds(browser)}`,
      browserModel(IMPLEMENTED_POLICY, { ...browser, hasRevocation: true }),
    ),
    checkInvariants(
      `1, 4: one browser, any number of requests, interleaved at every step; ${interleavingBounds}`,
      interleavingModel(IMPLEMENTED_POLICY, interleaving),
    ),
    checkInvariants(
      `2, 3: attacker with every token it has seen, outside the victim's windows; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, { ...attacker, attacker: { browser: "same", staysOutsideWindow: true } }),
    ),
    checkInvariants(
      `2, 3: attacker with the same browser and the newest token only, outside the victim's windows; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...attacker,
        attacker: { browser: "same", staysOutsideWindow: true, usesNewestTokenOnly: true },
      }),
    ),
    checkInvariants(
      `2, 3: attacker with a different browser, any timing; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, { ...attacker, attacker: { browser: "different" } }),
    ),
    checkInvariants(
      `2, 3: of victim and attacker with a different browser, only the first receives a token, any timing; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...attacker,
        attacker: { browser: "different", requiresImmediateDetection: true },
      }),
    ),
    checkInvariants(
      `1, 2, 4: one cookie jar, two user agents, one response of each rotation arrives; ${describeBounds(twoUserAgents)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...twoUserAgents,
        hasTwoUserAgents: true,
        guaranteesDelivery: true,
        hasRevocation: true,
      }),
    ),
    checkInvariants(
      `2, 3: one cookie jar, two user agents, attacker with a third browser, any timing; ${describeBounds(game)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...game,
        hasTwoUserAgents: true,
        guaranteesDelivery: true,
        attacker: { browser: "different" },
      }),
    ),
    checkInvariants(
      `1, 5: lifetimes of a whole session; idle ${LIFETIMES.idle}, absolute ${LIFETIMES.absolute} ticks`,
      lifetimesModel(LIFETIMES, ALL_LIMITS),
    ),
    checkGame(
      `3, game: attacker outside the victim's windows; ${describeBounds(game)}`,
      searchAttackerGame(IMPLEMENTED_POLICY, outsideWindow, game),
    ),
    checkGame(
      `3, game: attacker with a different browser; ${describeBounds(game)}`,
      searchAttackerGame(IMPLEMENTED_POLICY, otherBrowser, game),
    ),
    checkGame(
      `known limitation, game: attacker with the same browser, inside the window; ${describeBounds(game)}`,
      searchAttackerGame(IMPLEMENTED_POLICY, insideWindow, game),
    ),
    checkGame(
      `liveness: a replaced token is not accepted indefinitely from a different browser; ${describeBounds(game)}`,
      searchReplacedToken(IMPLEMENTED_POLICY, game),
    ),
    checkKnownLimitation(
      `known limitation: one cookie jar, two user agents, every response of a rotation lost; ${describeBounds(game)}`,
      {
        ...game,
        hasTwoUserAgents: true,
      },
    ),
    checkGame(
      `liveness: a session in use rotates (no starvation); ${describeBounds(game)}`,
      searchStarvation(IMPLEMENTED_POLICY, game),
    ),
  ];
}

function checkInvariants(search: string, model: Model): CheckResult {
  const { states, transitions, violation } = explore(model);
  const counterexample = violation === null ? "none" : `violates invariant ${violation.invariant}`;
  return { search, states, transitions, counterexample };
}

function checkKnownLimitation(search: string, bounds: Bounds): CheckResult {
  const model = browserModel(IMPLEMENTED_POLICY, bounds);
  const { states, transitions, violation } = explore(model);
  if (violation === null) return { search, states, transitions, counterexample: "none" };
  const trace = new BrowserTraceFormatter(model, IMPLEMENTED_POLICY).format(violation.events, violation.invariant);
  return { search, states, transitions, counterexample: `violates invariant ${violation.invariant}`, trace };
}

function checkGame(search: string, { states, transitions, outcome }: GameResult): CheckResult {
  const counterexample = outcome.kind === "infinite" ? "infinite play" : "none";
  return { search, states, transitions, counterexample };
}
