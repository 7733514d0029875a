export interface Summary {
  median: number;
  min: number;
  max: number;
}

/** The value that this share of the others does not exceed (nearest rank). Throws for none: a measure without a sample is no measure. */
export function quantile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) throw new RangeError("Nothing was measured");
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}

export function median(values: ArrayLike<number>): number {
  // For an odd number both are the one in the middle.
  return (quantile(values, 0.5) + quantile(values, 0.5 + 0.5 / values.length)) / 2;
}

export function summarise(values: ArrayLike<number>): Summary {
  return { median: median(values), min: quantile(values, 0), max: quantile(values, 1) };
}

/** What one gains for every step of the other, as the straight line says that misses the points least (least squares). */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  if (points.length < 2) throw new RangeError("A line needs two points");
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
