/** What a search covers. Times are in ticks. */
export interface LossBounds {
  window: number;
  /** The longest time from sent to judged, and from judged to received. */
  maxLatency: number;
  inFlight: number;
  /** Rotations and recoveries in a history. */
  generations: number;
  /** Commits are lost once at most; otherwise any number of times, at any distance. */
  hasOneLoss?: true;
  /** A commit that only extends the window is not lost. */
  keepsReissues?: true;
  /** Every instance notices a loss before its next verdict. */
  noticesLosses?: true;
  /** Nothing is lost: the older row is that of a lagging node, which requests may read. Their writes go to the newest row. */
  hasLaggingNode?: true;
  /** One cookie jar sends two user agents. At least one of the responses that carry a new token arrives. */
  hasTwoUserAgents?: true;
  /** Two instances. The session is revoked on one of them at any time, and the other reads it from the row later. */
  hasRevocation?: true;
  /** A loss is the restore of a backup after the instances have forgotten their revocations. */
  forgetsMemory?: true;
  /** No refresh succeeds after a revocation, also where the database has lost it and the instance never knew it. */
  requiresLastingRevocation?: true;
  attacker?: {
    browser: "same" | "different";
    /** Stays more than one window away from every refresh of the victim. */
    staysOutsideWindow?: true;
    /** Invariant 3 holds as if nothing had been lost. Otherwise a loss counts as a new copy of all tokens. */
    isDetectedAcrossLosses?: true;
  };
}
