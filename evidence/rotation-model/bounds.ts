import { MAX_GRACE_WINDOWS } from "@/server/auth/policy/lifetimes";
import type { Extent } from "./state";

/** What a search covers. Times are in ticks. */
export interface Bounds {
  window: number;
  /** How long each leg of a request may take: sent to judged, judged to received. */
  leg: number;
  inFlight: number;
  /** One reply may take as long as it likes. */
  hasSleeper?: true;
  /** The session may be revoked at any time. */
  hasRevocation?: true;
  /** Requests of the one jar carry either of two user agents, as with device mode in one of two tabs. */
  hasTwoAgents?: true;
  /** Of the replies that carry a new token at least one arrives. */
  delivers?: true;
  thief?: {
    browser: "same" | "another";
    /** Keeps more than a window between the victim's refreshes and its own. */
    keepsClear?: true;
    /** Uses what it was given last, as a browser does; else any token that it has ever seen. */
    usesNewest?: true;
    /** Once one of the two has received a token since the copy, the other one must not be given any. */
    isNoticedAtOnce?: true;
    /** Invariant 3 is not checked, so that the search sees what comes after. */
    isUnwatched?: true;
  };
}

export function extentOf(bounds: Bounds): Extent {
  const { window, thief } = bounds;
  const isThird = thief?.browser === "another";
  return {
    handedAges: window + 2,
    rotatedAges: MAX_GRACE_WINDOWS * window + 2,
    hasSleeper: bounds.hasSleeper === true,
    hasRevocation: bounds.hasRevocation === true,
    hasThief: thief !== undefined,
    browsers: (bounds.hasTwoAgents ? 2 : 1) + (isThird ? 1 : 0),
    sinceAges: thief?.keepsClear ? window + 2 : 1,
  };
}
