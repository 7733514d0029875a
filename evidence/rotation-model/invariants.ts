import type { Invariant } from "./search";

export const INVARIANTS: Record<Invariant, string> = {
  1: "An honest browser is never logged out",
  2: "A session never has two valid token families",
  3: "Two holders of one token are detected",
  4: "No refresh succeeds after a revocation",
  5: "No lifetime exceeds its limit",
  6: "No instance forgets a revocation that it knows",
};

/** The last sentence of a counterexample. */
export const OUTCOMES: Record<Invariant, string> = {
  1: "An honest browser is logged out.",
  2: "Two successors are valid.",
  3: "Two holders are not detected.",
  4: "A revoked session is refreshed.",
  5: "A lifetime exceeds its limit.",
  6: "An instance refreshes a session that it knows to be revoked.",
};
