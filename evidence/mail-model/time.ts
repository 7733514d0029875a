import { isOpen } from "./effects";
import { lifeOf } from "./policy";
import { SLOTS, type State } from "./state";

/** Ages the open links, and deletes the account when the deletion can be undone no more. */
export function afterTick(state: State): State {
  const links = { ...state.links };
  for (const slot of SLOTS) {
    const link = links[slot];
    if (link?.status !== "open") continue;
    const grown = (age: number) => Math.min(age + 1, lifeOf(slot));
    links[slot] = { ...link, age: grown(link.age), trueAge: grown(link.trueAge) };
  }
  const undo = links["undo-deletion"];
  const isPurged = state.isDeleting && undo !== null && undo.age >= lifeOf("undo-deletion");
  return { ...state, links, isPurged };
}

/** Nothing depends on these facts of a link that is spent. */
export function withoutDetails(state: State): State {
  const links = { ...state.links };
  for (const slot of SLOTS) {
    const link = links[slot];
    if (link === null || isOpen(slot, link)) continue;
    const age = link.status === "open" ? lifeOf(slot) : 0;
    const trueAge = link.status === "open" ? link.trueAge : 0;
    links[slot] = { ...link, age, trueAge, tries: 0, compared: 0, isAsker: false, hasArrived: true };
  }
  return { ...state, links };
}
