/** Who has refreshed since both held copies of one token, and in which order, as far as it matters for noticing. */
export const NO_REFRESH = 0;
export const VICTIM = 1;
export const ATTACKER = 2;
export const VICTIM_THEN_ATTACKER = 3;
export const ATTACKER_THEN_VICTIM = 4;

export function afterVictimRefresh(refreshOrder: number): number {
  if (refreshOrder === NO_REFRESH) return VICTIM;
  return refreshOrder === ATTACKER || refreshOrder === VICTIM_THEN_ATTACKER ? ATTACKER_THEN_VICTIM : refreshOrder;
}

export function afterAttackerRefresh(refreshOrder: number): number {
  if (refreshOrder === NO_REFRESH) return ATTACKER;
  return refreshOrder === VICTIM || refreshOrder === ATTACKER_THEN_VICTIM ? VICTIM_THEN_ATTACKER : refreshOrder;
}
