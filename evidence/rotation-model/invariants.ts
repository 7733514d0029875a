import type { Invariant } from "./search";

export const INVARIANTS: Record<Invariant, string> = {
  1: "An honest browser is never logged out",
  2: "One session has one live lineage",
  3: "Two holders are noticed",
  4: "After a revocation no refresh succeeds",
  5: "No lifetime exceeds its limit",
};

/** How a counter-example ends. */
export const OUTCOMES: Record<Invariant, string> = {
  1: "An honest browser is logged out.",
  2: "Two successors work.",
  3: "Two holders go unnoticed.",
  4: "A revoked session was refreshed.",
  5: "A lifetime exceeds its limit.",
};
