import { OUTCOMES } from "./invariants";
import type { Invariant } from "./search";

export const TICK = 0;
/** A refresh whose answer arrives. */
export const RECEIVED = 1;
export const LOST = 2;
/** Whoever still has a token presents it. */
export const PRESENTED = 3;

const SENTENCES = ["", "A refresh.", "A refresh whose answer is lost.", "The token is presented."];

export function formatLifetimes(events: number[], invariant: Invariant): string[] {
  const lines: string[] = [];
  let time = 0;
  for (const event of events) {
    if (event === TICK) time++;
    else lines.push(`t=${time}: ${SENTENCES[event]}`);
  }
  return [...lines.slice(0, -1), `${lines[lines.length - 1]} ${OUTCOMES[invariant]}`];
}
