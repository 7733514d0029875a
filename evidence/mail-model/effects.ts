import type { Purpose } from "@/server/auth/policy/confirmations";
import { lifeOf, supersededBy, type Act, type LinkPolicy } from "./policy";
import { OWNERS, purposeOf, SLOTS, THIEFS, type Address, type Link, type Person, type Slot, type State } from "./state";

export function isOpen(slot: Slot, link: Link | null): link is Link & { status: "open" } {
  return link !== null && link.status === "open" && link.age < lifeOf(slot);
}

export function newLink(recipient: Address, isAsker: boolean): Link {
  return {
    age: 0,
    trueAge: 0,
    status: "open",
    tries: 0,
    compared: 0,
    isAsker,
    recipient,
    hasArrived: false,
    isReadByThief: false,
  };
}

/** What confirming a link does, as in server/auth/email. Null if it is refused, and the link stays open. */
export function applyEffect(policy: LinkPolicy, before: State, slot: Slot, by: Person): State | null {
  const link = before.links[slot]!;
  const state = { ...before, links: { ...before.links, [slot]: { ...link, status: "used" as const } } };
  const after = effectOf(purposeOf(slot));
  if (after === null) return null;
  return policy.opensSession ? { ...after, hasSession: { ...after.hasSession, [by]: true } } : after;

  function effectOf(purpose: Purpose): State | null {
    switch (purpose) {
      case "verify-email":
        if (link.recipient !== state.address) return null;
        return supersede(policy, { ...state, isVerified: true }, "verify-email");
      case "reset-password": {
        if (link.recipient !== state.address) return null;
        const hasSecondFactor = state.hasSecondFactor && !policy.resetRemovesSecondFactor;
        const reset = { ...withPasswordOf(by, state), isVerified: true, hasSecondFactor };
        const ended = policy.resetKeepsSessions ? reset : withoutSessions(reset);
        return supersede(policy, ended, "reset-password");
      }
      case "change-email": {
        const changed = supersede(policy, { ...state, address: link.recipient }, "change-email");
        if (!state.isVerified || policy.sendsNoRevert) return changed;
        const revert = state.address >= THIEFS ? "second revert" : "revert-email";
        return { ...changed, links: { ...changed.links, [revert]: newLink(state.address, false) } };
      }
      case "revert-email":
        return restoreAddress(policy, state, slot);
      case "not-me": {
        if (link.recipient === state.address)
          return startReset(supersede(policy, withoutSessions(state), "not-me"), state.address);
        const revert = state.links["revert-email"];
        if (!isOpen("revert-email", revert) || revert.recipient !== link.recipient) return null;
        const used = { ...state.links, "revert-email": { ...revert, status: "used" as const } };
        return restoreAddress(policy, { ...state, links: used }, "revert-email");
      }
      case "undo-deletion":
        return { ...state, isDeleting: false };
    }
  }
}

function restoreAddress(policy: LinkPolicy, state: State, slot: Slot): State {
  const { recipient } = state.links[slot]!;
  const restored = supersede(policy, withoutSessions({ ...state, address: recipient }), "revert-email");
  const later = slot === "revert-email" && !policy.keepsLaterReverts ? ["second revert" as const] : [];
  // A notice to an address that the account had later is later.
  const { "not-me": notice } = restored.links;
  const ended = notice !== null && notice.recipient > recipient ? [...later, "not-me" as const] : later;
  return startReset(endLinks(restored, ended), recipient);
}

function endLinks(state: State, slots: readonly Slot[]): State {
  const links = { ...state.links };
  for (const slot of slots) {
    const link = links[slot];
    if (isOpen(slot, link)) links[slot] = { ...link, status: "superseded" };
  }
  return { ...state, links };
}

/** Ends the open links of the purposes that an act supersedes, and deletes their mails that were not sent. */
export function supersede(policy: LinkPolicy, state: State, act: Act): State {
  const purposes = supersededBy(policy, act);
  const slots = SLOTS.filter((slot) => purposes.includes(purposeOf(slot)));
  const queued = { ...state.queued };
  if (!policy.keepsUnsentMails) for (const slot of slots) queued[slot] = null;
  return { ...endLinks(state, slots), queued };
}

/** The password is known to one person. The owner's is safe from a thief who does not read the account's mail. */
export function withPasswordOf(by: Person, state: State): State {
  const isSafe = by === "owner" && !state.thiefReadsMail && state.address === OWNERS;
  const knowsPassword = { owner: by === "owner", thief: by === "thief" };
  return { ...state, knowsPassword, isSecured: state.isSecured || isSafe };
}

export function withoutSessions(state: State): State {
  return forgetAsker({ ...state, hasSession: { owner: false, thief: false } });
}

/** A later session of the same browser is another one. */
export function forgetAsker(state: State): State {
  const links = { ...state.links };
  for (const slot of SLOTS) if (links[slot]?.isAsker) links[slot] = { ...links[slot], isAsker: false };
  return { ...state, links };
}

function startReset(state: State, recipient: Address): State {
  return { ...state, queued: { ...state.queued, "reset-password": recipient } };
}

export function notify(state: State): State {
  return { ...state, queued: { ...state.queued, "not-me": state.address } };
}
