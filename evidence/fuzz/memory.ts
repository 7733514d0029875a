/** What the app held after its garbage was collected, in bytes, when so many requests had been answered. */
export interface Sample {
  requests: number;
  heapUsed: number;
  rss: number;
}

export interface Slope {
  /** Bytes a request, the median over all pairs of samples (Theil and Sen). */
  estimate: number;
  /** The lower end of its 95 % interval (Sen 1968): it is at least this steep, or one run in forty says so wrongly. */
  lowerBound: number;
}

const Z = 1.96;

/** How steeply the values rise. Knows no distribution, and one wild sample in four does not bend it. */
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

/** The caches fill during the first part of a run, and every one of them has a bound. */
const WARM_UP_SHARE = 0.4;
const MIN_SAMPLES = 8;
/** Before that compilers and caches still settle. */
const MIN_REQUESTS = 10_000;

export interface MemoryTrend {
  heap: Slope;
  rss: Slope;
}

/** Null if there are too few samples to say anything. */
export function analyzeMemory(samples: readonly Sample[]): MemoryTrend | null {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  if (settled.length < MIN_SAMPLES || (samples.at(-1)?.requests ?? 0) < MIN_REQUESTS) return null;
  return {
    heap: slopeOf(settled.map(({ requests, heapUsed }) => [requests, heapUsed])),
    rss: slopeOf(settled.map(({ requests, rss }) => [requests, rss])),
  };
}
