/** Who has refreshed since both held copies of one token, and in which order, as far as it matters for noticing. */
export const NOBODY = 0;
export const VICTIM = 1;
export const THIEF = 2;
export const VICTIM_THEN_THIEF = 3;
export const THIEF_THEN_VICTIM = 4;

export function afterVictim(order: number): number {
  if (order === NOBODY) return VICTIM;
  return order === THIEF || order === VICTIM_THEN_THIEF ? THIEF_THEN_VICTIM : order;
}

export function afterThief(order: number): number {
  if (order === NOBODY) return THIEF;
  return order === VICTIM || order === THIEF_THEN_VICTIM ? VICTIM_THEN_THIEF : order;
}
