import type { LossBounds } from "./loss-bounds";
import type { LossPolicy } from "./loss-policy";

/** The implemented rules for a database that loses commits, with one rule changed at a time. */
export const REJECTED_LOSS_POLICIES: readonly LossPolicy[] = [
  {
    name: "a token of a generation that the row has not reached is replayed",
    mapVerdict: (verdict, { isAhead }) => (isAhead ? "replayed" : verdict),
  },
  { name: "successors are random", succession: "at random" },
  {
    name: "a rotation and a recovery of the same row make different successors",
    succession: "by the row and the kind of write",
  },
  { name: "a token does not name its predecessor", omitsPredecessor: true },
  {
    name: "the row moves forward within its window too",
    mapVerdict: (verdict, { isAhead }) => (isAhead && verdict === "fresh" ? "ahead" : verdict),
  },
  { name: "moving forward starts no window", startsNoWindow: true },
  { name: "the UPDATE that moves the row forward has no condition", writesAnyway: "ahead" },
  {
    name: "the row moves to the state of any token, of an older generation too",
    mapVerdict: (verdict, { isSameBrowser }) => (verdict === "replayed" && isSameBrowser ? "ahead" : verdict),
  },
  {
    name: "any browser may move the row forward",
    mapVerdict: (verdict, { isAhead, isWindowOver }) =>
      isAhead && isWindowOver && verdict === "replayed" ? "ahead" : verdict,
  },
  {
    name: "a token ahead of an ended session moves it forward",
    mapVerdict: (verdict, { isAhead, isRevoked }) => (isAhead && isRevoked ? "ahead" : verdict),
  },
  { name: "a refresh does not ask the instance's memory of revocations", ignoresMemory: true },
  { name: "the UPDATE of replayed has no condition", writesAnyway: "replayed" },
  { name: "an instance that has noticed a loss lets windows end as before", ignoresNotice: true },
];

const SMALL_BOUNDS: LossBounds = { window: 4, maxLatency: 2, inFlight: 2, generations: 3, hasOneLoss: true };

/** In this order: the first search with a counterexample is the one that is printed. */
export const LOSS_SEARCHES: readonly LossBounds[] = [
  { ...SMALL_BOUNDS, keepsReissues: true },
  { ...SMALL_BOUNDS, hasLaggingNode: true },
  { ...SMALL_BOUNDS, hasLaggingNode: true, hasTwoUserAgents: true },
  { ...SMALL_BOUNDS, keepsReissues: true, hasRevocation: true },
  { ...SMALL_BOUNDS, inFlight: 1, attacker: { browser: "same", staysOutsideWindow: true } },
  { ...SMALL_BOUNDS, inFlight: 1, attacker: { browser: "different", isDetectedAcrossLosses: true } },
  { ...SMALL_BOUNDS, noticesLosses: true },
];
