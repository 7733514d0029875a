/** Where a verdict can be looked up: a file, and words in it. In a test file they are the whole title, or row, of a test. */
export type Evidence = readonly [file: string, words: string];

interface Requirement {
  /** As in ASVS 5.0.0, without the V. */
  number: string;
  /** What the requirement asks, in our words. */
  asks: string;
}

export type Claim = Requirement &
  (
    | { verdict: "met"; evidence: readonly [Evidence, ...Evidence[]]; note?: string }
    | { verdict: "not met"; takes: string; evidence?: readonly Evidence[] }
    | { verdict: "not applicable"; because: string }
  );
