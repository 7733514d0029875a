/** Evidence for a verdict: a file and a text in it. In a test file the text is the full title, or the row, of a test. */
export type Evidence = readonly [file: string, words: string];

interface Requirement {
  /** As in ASVS 5.0.0, without the V. */
  number: string;
  /** The requirement, paraphrased. */
  asks: string;
}

export type Claim = Requirement &
  (
    | { verdict: "met"; evidence: readonly [Evidence, ...Evidence[]]; note?: string }
    | { verdict: "not met"; takes: string; evidence?: readonly Evidence[] }
    | { verdict: "not applicable"; because: string }
  );
