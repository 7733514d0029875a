import type { Bounds } from "./bounds";
import { browserModel } from "./browser-model";
import { BrowserStory } from "./browser-trace";
import { crowdModel, type CrowdBounds } from "./interleaving-model";
import { ALL_LIMITS, lifetimesModel } from "./lifetimes-model";
import { CONTRACT } from "./policy";
import { explore, type Model } from "./search";
import { playGaoler, playOldToken, playThief, STRATEGIES, type GameResult } from "./attacker-games";

/** How large the searches are. */
export interface Scale {
  browser: Bounds;
  agents: Bounds;
  thief: Bounds;
  game: Bounds;
  crowd: CrowdBounds;
}

/** As the server does it: what is written is conditional on everything that was judged. */
export const REAL_WRITES = { comparesHandedAt: true, comparesRevocation: true, losers: "read again" } as const;

/** Four ticks to the window, two to each leg of a request: with half of that a window is only "inside" or "later". */
export const DEFAULT_SCALE: Scale = {
  browser: { window: 4, leg: 2, inFlight: 5 },
  agents: { window: 4, leg: 2, inFlight: 4 },
  thief: { window: 4, leg: 2, inFlight: 3 },
  game: { window: 4, leg: 2, inFlight: 2 },
  crowd: { window: 6, uplink: 2, work: 1, strays: 2, life: 2, sharesFlights: true, ...REAL_WRITES },
};

export const THOROUGH_SCALE: Scale = {
  browser: { window: 8, leg: 4, inFlight: 4 },
  agents: { window: 8, leg: 4, inFlight: 3 },
  thief: { window: 6, leg: 3, inFlight: 3 },
  game: { window: 6, leg: 3, inFlight: 2 },
  crowd: { window: 10, uplink: 2, work: 2, strays: 0, life: 4, sharesFlights: true, ...REAL_WRITES },
};

export const LIFETIMES = { window: 2, idle: 6, absolute: 15 };

export interface Finding {
  search: string;
  states: number;
  moves: number;
  counterExample: string;
  /** How it goes wrong, where that is known and accepted. */
  story?: string[];
}

/** Everything that is claimed of the contract, searched for its opposite. */
export function searchContract(scale: Scale): Finding[] {
  const { browser, agents, thief, game, crowd } = scale;
  const upTo = (bounds: Bounds) =>
    `window ${bounds.window}, legs up to ${bounds.leg}, ${bounds.inFlight} ${bounds.inFlight === 1 ? "request" : "requests"}`;
  const steps = `window ${crowd.window}, way ${crowd.uplink}, work ${crowd.work}, life ${crowd.life}`;
  const clear = STRATEGIES["keeps clear of the victim's refreshes"];
  const another = STRATEGIES["another kind of browser, any timing"];
  const inside = STRATEGIES["the same kind of browser, any timing"];
  return [
    searched(
      `1, 2, 4: browser, crashes, revocation at any time; ${upTo(browser)}`,
      browserModel(CONTRACT, { ...browser, hasRevocation: true }),
    ),
    searched(`1, 4: browser, any number of requests in their real steps; ${steps}`, crowdModel(CONTRACT, crowd)),
    searched(
      `2, 3: thief with any token it ever saw, more than a window apart; ${upTo(thief)}`,
      browserModel(CONTRACT, { ...thief, thief: { browser: "same", keepsClear: true } }),
    ),
    searched(
      `2, 3: copied jar in a second browser of the same kind, either first; ${upTo(thief)}`,
      browserModel(CONTRACT, { ...thief, thief: { browser: "same", keepsClear: true, usesNewest: true } }),
    ),
    searched(
      `2, 3: thief with another kind of browser, any timing; ${upTo(thief)}`,
      browserModel(CONTRACT, { ...thief, thief: { browser: "another" } }),
    ),
    searched(
      `2, 3: of a victim and another kind of browser only the first gets a token, any timing; ${upTo(thief)}`,
      browserModel(CONTRACT, { ...thief, thief: { browser: "another", isNoticedAtOnce: true } }),
    ),
    searched(
      `1, 2, 4: one jar, two user agents, one reply of each rotation arrives; ${upTo(agents)}`,
      browserModel(CONTRACT, { ...agents, hasTwoAgents: true, delivers: true, hasRevocation: true }),
    ),
    searched(
      `2, 3: the same jar and a thief with a third kind of browser, any timing; ${upTo(game)}`,
      browserModel(CONTRACT, { ...game, hasTwoAgents: true, delivers: true, thief: { browser: "another" } }),
    ),
    searched(
      `1, 5: a whole session; idle ${LIFETIMES.idle}, absolute ${LIFETIMES.absolute} ticks`,
      lifetimesModel(LIFETIMES, ALL_LIMITS),
    ),
    played(`3, as a game: a thief who keeps clear of the victim; ${upTo(game)}`, playThief(CONTRACT, clear, game)),
    played(`3, as a game: a thief with another kind of browser; ${upTo(game)}`, playThief(CONTRACT, another, game)),
    played(
      `what remains: a thief of the same kind, inside the window; ${upTo(game)}`,
      playThief(CONTRACT, inside, game),
    ),
    played(`a replaced token that serves another kind of browser; ${upTo(game)}`, playOldToken(CONTRACT, game)),
    remaining(`what remains: one jar, two user agents, every reply of a rotation lost; ${upTo(game)}`, {
      ...game,
      hasTwoAgents: true,
    }),
    played(`a session in use that is kept from rotating; ${upTo(game)}`, playGaoler(CONTRACT, game)),
  ];
}

function searched(search: string, model: Model): Finding {
  const { states, moves, broken } = explore(model);
  const counterExample = broken === null ? "none" : `invariant ${broken.invariant} is broken`;
  return { search, states, moves, counterExample };
}

function remaining(search: string, bounds: Bounds): Finding {
  const model = browserModel(CONTRACT, bounds);
  const { states, moves, broken } = explore(model);
  if (broken === null) return { search, states, moves, counterExample: "none" };
  const story = new BrowserStory(model, CONTRACT).tell(broken.events, broken.invariant);
  return { search, states, moves, counterExample: `invariant ${broken.invariant} is broken`, story };
}

function played(search: string, { states, moves, play }: GameResult): Finding {
  const counterExample = play.kind === "goes on" ? "for ever" : "none";
  return { search, states, moves, counterExample };
}
