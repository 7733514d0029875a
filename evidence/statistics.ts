export interface Summary {
  median: number;
  min: number;
  max: number;
}

/** Nearest-rank quantile. Throws if there are no values. */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new RangeError("No values");
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}

export function median(values: ArrayLike<number>): number {
  // For an odd number of values both quantiles are the middle value.
  return (quantile(values, 0.5) + quantile(values, 0.5 + 0.5 / values.length)) / 2;
}

export function summarise(values: ArrayLike<number>): Summary {
  return { median: median(values), min: quantile(values, 0), max: quantile(values, 1) };
}

/** Slope of the least-squares line. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  if (points.length < 2) throw new RangeError("A slope needs two points");
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

export function concatenate(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
