import type { Bounds } from "./bounds";
import { browserModel } from "./browser-model";
import { BrowserTraceFormatter } from "./browser-trace";
import { interleavingModel, type InterleavingBounds } from "./interleaving-model";
import { ALL_LIMITS, lifetimesModel } from "./lifetimes-model";
import { IMPLEMENTED_POLICY } from "./policy";
import { explore, type Model } from "./search";
import {
  searchStarvation,
  searchReplacedToken,
  searchAttackerGame,
  STRATEGIES,
  type GameResult,
} from "./attacker-games";

/** How large the searches are. */
export interface SearchBounds {
  browser: Bounds;
  twoUserAgents: Bounds;
  attacker: Bounds;
  game: Bounds;
  interleaving: InterleavingBounds;
}

/** As the server does it: what is written is conditional on everything that was judged. */
export const IMPLEMENTED_WRITES = {
  comparesHandedAt: true,
  comparesRevocation: true,
  onConflict: "read again",
} as const;

/** Four ticks to the window, two to each leg of a request: with half of that a window is only "inside" or "later". */
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
};

export const LIFETIMES = { window: 2, idle: 6, absolute: 15 };

export interface CheckResult {
  search: string;
  states: number;
  transitions: number;
  counterexample: string;
  /** How it goes wrong, where that is known and accepted. */
  trace?: string[];
}

/** Everything that is claimed of the contract, searched for its opposite. */
export function checkImplementedPolicy(bounds: SearchBounds): CheckResult[] {
  const { browser, twoUserAgents, attacker, game, interleaving } = bounds;
  const describeBounds = (bounds: Bounds) =>
    `window ${bounds.window}, legs up to ${bounds.maxLatency}, ${bounds.inFlight} ${bounds.inFlight === 1 ? "request" : "requests"}`;
  const interleavingBounds = `window ${interleaving.window}, way ${interleaving.requestLatency}, work ${interleaving.work}, life ${interleaving.responseLatency}`;
  const outsideWindow = STRATEGIES["keeps clear of the victim's refreshes"];
  const otherBrowser = STRATEGIES["another kind of browser, any timing"];
  const insideWindow = STRATEGIES["the same kind of browser, any timing"];
  return [
    checkInvariants(
      `1, 2, 4: browser, crashes, revocation at any time; ${describeBounds(browser)}`,
      browserModel(IMPLEMENTED_POLICY, { ...browser, hasRevocation: true }),
    ),
    checkInvariants(
      `1, 4: browser, any number of requests in their real steps; ${interleavingBounds}`,
      interleavingModel(IMPLEMENTED_POLICY, interleaving),
    ),
    checkInvariants(
      `2, 3: thief with any token it ever saw, more than a window apart; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, { ...attacker, attacker: { browser: "same", staysOutsideWindow: true } }),
    ),
    checkInvariants(
      `2, 3: copied jar in a second browser of the same kind, either first; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...attacker,
        attacker: { browser: "same", staysOutsideWindow: true, usesNewestTokenOnly: true },
      }),
    ),
    checkInvariants(
      `2, 3: thief with another kind of browser, any timing; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, { ...attacker, attacker: { browser: "another" } }),
    ),
    checkInvariants(
      `2, 3: of a victim and another kind of browser only the first gets a token, any timing; ${describeBounds(attacker)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...attacker,
        attacker: { browser: "another", requiresImmediateDetection: true },
      }),
    ),
    checkInvariants(
      `1, 2, 4: one jar, two user agents, one reply of each rotation arrives; ${describeBounds(twoUserAgents)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...twoUserAgents,
        hasTwoUserAgents: true,
        guaranteesDelivery: true,
        hasRevocation: true,
      }),
    ),
    checkInvariants(
      `2, 3: the same jar and a thief with a third kind of browser, any timing; ${describeBounds(game)}`,
      browserModel(IMPLEMENTED_POLICY, {
        ...game,
        hasTwoUserAgents: true,
        guaranteesDelivery: true,
        attacker: { browser: "another" },
      }),
    ),
    checkInvariants(
      `1, 5: a whole session; idle ${LIFETIMES.idle}, absolute ${LIFETIMES.absolute} ticks`,
      lifetimesModel(LIFETIMES, ALL_LIMITS),
    ),
    checkGame(
      `3, as a game: a thief who keeps clear of the victim; ${describeBounds(game)}`,
      searchAttackerGame(IMPLEMENTED_POLICY, outsideWindow, game),
    ),
    checkGame(
      `3, as a game: a thief with another kind of browser; ${describeBounds(game)}`,
      searchAttackerGame(IMPLEMENTED_POLICY, otherBrowser, game),
    ),
    checkGame(
      `what remains: a thief of the same kind, inside the window; ${describeBounds(game)}`,
      searchAttackerGame(IMPLEMENTED_POLICY, insideWindow, game),
    ),
    checkGame(
      `a replaced token that serves another kind of browser; ${describeBounds(game)}`,
      searchReplacedToken(IMPLEMENTED_POLICY, game),
    ),
    checkKnownLimitation(
      `what remains: one jar, two user agents, every reply of a rotation lost; ${describeBounds(game)}`,
      {
        ...game,
        hasTwoUserAgents: true,
      },
    ),
    checkGame(
      `a session in use that is kept from rotating; ${describeBounds(game)}`,
      searchStarvation(IMPLEMENTED_POLICY, game),
    ),
  ];
}

function checkInvariants(search: string, model: Model): CheckResult {
  const { states, transitions, violation } = explore(model);
  const counterexample = violation === null ? "none" : `invariant ${violation.invariant} is broken`;
  return { search, states, transitions, counterexample };
}

function checkKnownLimitation(search: string, bounds: Bounds): CheckResult {
  const model = browserModel(IMPLEMENTED_POLICY, bounds);
  const { states, transitions, violation } = explore(model);
  if (violation === null) return { search, states, transitions, counterexample: "none" };
  const trace = new BrowserTraceFormatter(model, IMPLEMENTED_POLICY).format(violation.events, violation.invariant);
  return { search, states, transitions, counterexample: `invariant ${violation.invariant} is broken`, trace };
}

function checkGame(search: string, { states, transitions, outcome }: GameResult): CheckResult {
  const counterexample = outcome.kind === "infinite" ? "for ever" : "none";
  return { search, states, transitions, counterexample };
}
