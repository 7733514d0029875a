import { MAX_GRACE_WINDOWS } from "@/server/auth/policy/lifetimes";
import type { StateEncoding } from "./state";

/** What a search covers. Times are in ticks. */
export interface Bounds {
  window: number;
  /** How long each leg of a request may take: sent to judged, judged to received. */
  maxLatency: number;
  inFlight: number;
  /** One reply may take as long as it likes. */
  hasDelayedResponse?: true;
  /** The session may be revoked at any time. */
  hasRevocation?: true;
  /** Requests of the one jar carry either of two user agents, as with device mode in one of two tabs. */
  hasTwoUserAgents?: true;
  /** Of the replies that carry a new token at least one arrives. */
  guaranteesDelivery?: true;
  attacker?: {
    browser: "same" | "another";
    /** Keeps more than a window between the victim's refreshes and its own. */
    staysOutsideWindow?: true;
    /** Uses what it was given last, as a browser does; else any token that it has ever seen. */
    usesNewestTokenOnly?: true;
    /** Once one of the two has received a token since the copy, the other one must not be given any. */
    requiresImmediateDetection?: true;
    /** Invariant 3 is not checked, so that the search sees what comes after. */
    ignoresDetection?: true;
  };
}

export function encodingOf(bounds: Bounds): StateEncoding {
  const { window, attacker } = bounds;
  const isThird = attacker?.browser === "another";
  return {
    handedAgeValues: window + 2,
    rotatedAgeValues: MAX_GRACE_WINDOWS * window + 2,
    hasDelayedResponse: bounds.hasDelayedResponse === true,
    hasRevocation: bounds.hasRevocation === true,
    hasAttacker: attacker !== undefined,
    browserValues: (bounds.hasTwoUserAgents ? 2 : 1) + (isThird ? 1 : 0),
    sinceValues: attacker?.staysOutsideWindow ? window + 2 : 1,
  };
}
