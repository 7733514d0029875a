/**
 * The p-value of the Mann-Whitney U test: two-sided, normal approximation with tie correction, accurate from twenty values on.
 * Assumes no particular distribution.
 */
export function mannWhitney(one: readonly number[], other: readonly number[]): number {
  const all = [...one.map((value) => ({ value, isOne: true })), ...other.map((value) => ({ value, isOne: false }))];
  all.sort((a, b) => a.value - b.value);
  let [rankSum, ties] = [0, 0];
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const rank = (from + 1 + to) / 2;
    rankSum += rank * all.slice(from, to).filter(({ isOne }) => isOne).length;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const [n, m, size] = [one.length, other.length, all.length];
  const spread = Math.sqrt(((n * m) / 12) * (size + 1 - ties / (size * (size - 1))));
  if (spread === 0) return 1;
  const z = Math.max(0, Math.abs(rankSum - (n * (n + 1)) / 2 - (n * m) / 2) - 0.5) / spread;
  return 2 * (1 - normal(z));
}

/**
 * Hodges-Lehmann estimate of the shift from the first sample to the second, with the confidence interval of the Mann-Whitney
 * test. `z` is the quantile of the normal distribution: 2.576 for 99 %.
 */
export function shiftBetween(one: readonly number[], other: readonly number[], z = 2.576) {
  const differences = Float64Array.from(other.flatMap((b) => one.map((a) => b - a))).sort();
  const [n, m] = [one.length, other.length];
  const half = z * Math.sqrt((n * m * (n + m + 1)) / 12);
  const at = (index: number) => differences[Math.max(0, Math.min(differences.length - 1, Math.round(index)))] ?? NaN;
  const middle = (differences.length - 1) / 2;
  return { shift: at(middle), low: at(middle - half), high: at(middle + half) };
}

/** Cumulative normal distribution (Abramowitz and Stegun, 7.1.26; maximum error 1.5e-7). */
function normal(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const factors = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const tail = factors.reduce((sum, factor) => (sum + factor) * t, 0) * Math.exp(-x * x);
  return z < 0 ? tail / 2 : 1 - tail / 2;
}
