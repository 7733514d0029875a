import type { Bounds } from "./bounds";
import { browserModel } from "./browser-model";
import { BrowserStory } from "./browser-trace";
import { REAL_WRITES, LIFETIMES } from "./policy-checks";
import { crowdModel, type CrowdBounds } from "./interleaving-model";
import { tellCrowd } from "./interleaving-trace";
import { ALL_LIMITS, lifetimesModel, type LimitRules } from "./lifetimes-model";
import { tellLifetimes } from "./lifetimes-story";
import { CONTRACT, type Policy } from "./policy";
import { REJECTED_POLICIES } from "./rejected-policies";
import { explore, type Invariant } from "./search";
import { playGaoler, playOldToken, playThief, STRATEGIES } from "./attacker-games";

/** What condemns a rule, or the lack of one. */
export interface Rejection {
  name: string;
  /** The invariant that breaks; or what can go on for ever. */
  breaks: Invariant | "no rotation" | "old token" | null;
  steps: number;
  story: string[];
}

const SMALL: Bounds = { window: 4, leg: 2, inFlight: 3 };
const SMALLEST: Bounds = { ...SMALL, inFlight: 1 };
const SEARCHES: readonly Bounds[] = [
  { ...SMALL, hasRevocation: true },
  { ...SMALL, inFlight: 2, thief: { browser: "same", keepsClear: true } },
  { ...SMALL, inFlight: 2, thief: { browser: "another" } },
  { ...SMALL, hasTwoAgents: true, delivers: true },
  { ...SMALL, inFlight: 2, thief: { browser: "another", isNoticedAtOnce: true } },
];
const STEPS: CrowdBounds = { window: 5, uplink: 2, work: 1, strays: 0, life: 2, sharesFlights: false, ...REAL_WRITES };

const WRONG_STEPS: readonly [name: string, bounds: CrowdBounds][] = [
  ["the UPDATE is conditional on nothing", { ...STEPS, losers: "write anyway" }],
  ["whoever loses the race is refused", { ...STEPS, losers: "are refused" }],
  ["the UPDATE does not look at revoked_at", { ...STEPS, comparesRevocation: false }],
  ["the UPDATE compares the nonces and not handed_at", { ...STEPS, comparesHandedAt: false }],
  ["the work of a refresh takes longer than the window leaves room for", { ...STEPS, window: 4 }],
  ["a shared flight takes longer than the window leaves room for", { ...STEPS, sharesFlights: true }],
];

const WRONG_LIMITS: readonly [name: string, rules: LimitRules][] = [
  ["the verdict does not look at the idle limit", { ...ALL_LIMITS, judgesIdle: false }],
  [
    "the verdict does not look at the absolute limit, which the idle one keeps to",
    { ...ALL_LIMITS, judgesAbsolute: false },
  ],
  ["the idle limit may lie behind the absolute one", { ...ALL_LIMITS, cutsIdle: false }],
  ["a rotation does not move the row's idle limit", { ...ALL_LIMITS, movesRow: false }],
  ["a rotation does not move the cookie's end", { ...ALL_LIMITS, movesCookie: false }],
];

/** Everything that we do not do, with the shortest way in which it goes wrong. */
export function condemnAll(): Rejection[] {
  return [
    ...REJECTED_POLICIES.map(condemnPolicy),
    condemnSlowness("replies slower than half the window", { ...SMALL, leg: 3 }),
    ...WRONG_STEPS.map(([name, bounds]) => {
      const { broken } = explore(crowdModel(CONTRACT, bounds));
      return rejection(name, broken, (events, invariant) => tellCrowd(events, invariant));
    }),
    ...WRONG_LIMITS.map(([name, rules]) => {
      const { broken } = explore(lifetimesModel(LIFETIMES, rules));
      return rejection(name, broken, (events, invariant) => tellLifetimes(events, invariant));
    }),
  ];
}

export function condemnPolicy(policy: Policy): Rejection {
  for (const bounds of SEARCHES) {
    const model = browserModel(policy, bounds);
    const { broken } = explore(model);
    if (broken !== null) {
      return rejection(policy.name, broken, (...found) => new BrowserStory(model, policy).tell(...found));
    }
  }
  // No invariant breaks, so far. What is left is a thief who goes on for ever.
  const games = [
    ["no rotation", playGaoler(policy, SMALLEST)] as const,
    ["old token", playOldToken(policy, SMALLEST)] as const,
  ];
  const [breaks, { play, model }] = games.find(([, { play }]) => play.kind === "goes on") ?? games[0]!;
  if (play.kind === "ends") return rejection(policy.name, null, () => []);
  const { way, circle } = play;
  const story = new BrowserStory(model, policy).tell([...way, ...circle, ...circle], null);
  return {
    name: policy.name,
    breaks,
    steps: way.length + circle.length,
    story: [...story, "And so on, for ever."],
  };
}

/** Whether a thief who keeps clear of the victim stays unnoticed for ever. */
export function survivesForEver(policy: Policy): boolean {
  const clear = STRATEGIES["keeps clear of the victim's refreshes"];
  return playThief(policy, clear, SMALLEST).play.kind === "goes on";
}

function condemnSlowness(name: string, bounds: Bounds): Rejection {
  const model = browserModel(CONTRACT, bounds);
  return rejection(name, explore(model).broken, (...found) => new BrowserStory(model, CONTRACT).tell(...found));
}

function rejection(
  name: string,
  broken: { invariant: Invariant; events: number[] } | null,
  tell: (events: number[], invariant: Invariant) => string[],
): Rejection {
  if (broken === null) return { name, breaks: null, steps: 0, story: ["No history goes wrong: it is there twice."] };
  const { invariant, events } = broken;
  return { name, breaks: invariant, steps: events.length, story: tell(events, invariant) };
}
