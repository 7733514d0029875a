/** Memory of the app in bytes, after garbage collection and this number of requests. */
export interface Sample {
  requests: number;
  heapUsed: number;
  rss: number;
}

export interface Slope {
  /** Bytes per request: the median slope over all pairs of samples (Theil-Sen estimator). */
  estimate: number;
  /** Lower bound of its 95 % confidence interval (Sen 1968), exceeded wrongly in one run of forty. */
  lowerBound: number;
}

const Z = 1.96;

/** Robust regression: assumes no distribution and tolerates one outlier in four samples. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const slopes = points
    .flatMap(([x, y], at) => points.slice(at + 1).map(([otherX, otherY]) => (otherY - y) / (otherX - x)))
    .sort((one, other) => one - other);
  const count = points.length;
  const spread = Z * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const lower = Math.floor((slopes.length - spread) / 2);
  const estimate = slopes[Math.floor(slopes.length / 2)] ?? 0;
  return { estimate, lowerBound: lower < 0 ? Number.NEGATIVE_INFINITY : (slopes[lower] ?? estimate) };
}

/** The bounded caches fill during the first part of a run. */
const WARM_UP_SHARE = 0.4;
const MIN_SAMPLES = 8;
/** In fewer requests JIT compilation and caches dominate. */
const MIN_REQUESTS = 10_000;

export interface MemoryTrend {
  heap: Slope;
  rss: Slope;
}

/** Null if there are too few samples. */
export function analyzeMemory(samples: readonly Sample[]): MemoryTrend | null {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  if (settled.length < MIN_SAMPLES || (samples.at(-1)?.requests ?? 0) < MIN_REQUESTS) return null;
  return {
    heap: slopeOf(settled.map(({ requests, heapUsed }) => [requests, heapUsed])),
    rss: slopeOf(settled.map(({ requests, rss }) => [requests, rss])),
  };
}
