import { MAX_GRACE_WINDOWS } from "@/server/auth/policy/lifetimes";
import type { StateEncoding } from "./state";

/** What a search covers. Times are in ticks. */
export interface Bounds {
  window: number;
  /** The longest time from sent to judged, and from judged to received. */
  maxLatency: number;
  inFlight: number;
  /** One response may be delayed without limit. */
  hasDelayedResponse?: true;
  /** The session may be revoked at any time. */
  hasRevocation?: true;
  /** One cookie jar sends two user agents, as when one of two tabs emulates another device. */
  hasTwoUserAgents?: true;
  /** At least one of the responses that carry a new token arrives. */
  guaranteesDelivery?: true;
  attacker?: {
    browser: "same" | "different";
    /** Stays more than one window away from every refresh of the victim. */
    staysOutsideWindow?: true;
    /** Presents only the token that it received last, as a browser does; otherwise any token that it has seen. */
    usesNewestTokenOnly?: true;
    /** After one holder has received a token since the copy, the other must not receive one. */
    requiresImmediateDetection?: true;
    /** Does not check invariant 3, so that the search continues past a missed detection. */
    ignoresDetection?: true;
  };
}

export function encodingOf(bounds: Bounds): StateEncoding {
  const { window, attacker } = bounds;
  const hasOwnBrowser = attacker?.browser === "different";
  return {
    handedAgeValues: window + 2,
    rotatedAgeValues: MAX_GRACE_WINDOWS * window + 2,
    hasDelayedResponse: bounds.hasDelayedResponse === true,
    hasRevocation: bounds.hasRevocation === true,
    hasAttacker: attacker !== undefined,
    browserValues: (bounds.hasTwoUserAgents ? 2 : 1) + (hasOwnBrowser ? 1 : 0),
    sinceValues: attacker?.staysOutsideWindow ? window + 2 : 1,
  };
}
