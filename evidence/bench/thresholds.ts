/** The limit of a measurement. Beyond `far` a busy machine cannot explain the result. */
export interface Threshold {
  kind: "at least" | "at most";
  limit: number;
  far: number;
}

export type Verdict = "held" | "missed" | "far off";

export function atLeast(limit: number, far: number): Threshold {
  return { kind: "at least", limit, far };
}

/** Without `far` the threshold is exact, for counts and sizes, which have no noise. */
export function atMost(limit: number, far = limit): Threshold {
  return { kind: "at most", limit, far };
}

export function evaluate(value: number, { kind, limit, far }: Threshold): Verdict {
  const reaches = (other: number) => (kind === "at least" ? value >= other : value <= other);
  if (reaches(limit)) return "held";
  return reaches(far) ? "missed" : "far off";
}
