import { PURPOSES, type Purpose } from "@/server/auth/policy/confirmations";

/** Where mail goes: two mailboxes of the owner, of which a thief may read the first, and two of the thief. */
export const ADDRESSES = ["the owner", "the owner's new address", "the thief", "the thief's second address"] as const;
export type Address = 0 | 1 | 2 | 3;
export const OWNERS: Address = 0;
export const NEW: Address = 1;
export const THIEFS: Address = 2;
export const SECOND: Address = 3;

/** One link of each purpose; spent ones are replaced. A second revert link exists if the address was changed twice. */
export const SLOTS = [...PURPOSES, "second revert"] as const;
export type Slot = (typeof SLOTS)[number];

export function purposeOf(slot: Slot): Purpose {
  return slot === "second revert" ? "revert-email" : slot;
}

export interface Link {
  /** In ticks, as the row says; of a link past its life only that it is. */
  age: number;
  /** Since the link was first opened. */
  trueAge: number;
  status: "open" | "used" | "superseded";
  tries: number;
  /** Wrong codes that were compared, counted or not. */
  compared: number;
  /** The asker's browser has the session that asked. */
  isAsker: boolean;
  recipient: Address;
  hasArrived: boolean;
  isReadByThief: boolean;
}

export type Person = "owner" | "thief";

export interface State {
  links: Readonly<Record<Slot, Link | null>>;
  /** Mails whose link is not open yet, by the address they go to. */
  queued: Readonly<Record<Slot, Address | null>>;
  /** A request that was judged, and has not yet written. */
  pending: { slot: Slot; by: Person } | null;
  address: Address;
  isVerified: boolean;
  isDeleting: boolean;
  isPurged: boolean;
  knowsPassword: Readonly<Record<Person, boolean>>;
  hasSession: Readonly<Record<Person, boolean>>;
  hasSecondFactor: boolean;
  thiefReadsMail: boolean;
  /** The owner has chosen a password since the thief lost access to the mailbox. */
  isSecured: boolean;
}

const none = <Value>(value: Value) => Object.fromEntries(SLOTS.map((slot) => [slot, value])) as Record<Slot, Value>;

/** A signed-in owner with a confirmed address, and nothing under way. */
export const QUIET_STATE: State = {
  links: none(null),
  queued: none(null),
  pending: null,
  address: OWNERS,
  isVerified: true,
  isDeleting: false,
  isPurged: false,
  knowsPassword: { owner: true, thief: false },
  hasSession: { owner: true, thief: false },
  hasSecondFactor: false,
  thiefReadsMail: false,
  isSecured: false,
};

export function withLink(state: State, slot: Slot, link: Link): State {
  return { ...state, links: { ...state.links, [slot]: link } };
}

/** Equal for equal states only. */
export function keyOf(state: State): string {
  const links = SLOTS.map((slot) => {
    const link = state.links[slot];
    if (link === null) return "-";
    const flags = (link.isAsker ? 1 : 0) + (link.hasArrived ? 2 : 0) + (link.isReadByThief ? 4 : 0);
    return `${link.age}.${link.trueAge}.${link.status[0]}${link.tries}.${link.compared}.${flags}.${link.recipient}`;
  });
  const { pending, knowsPassword, hasSession } = state;
  const flags = [
    state.isVerified,
    state.isDeleting,
    state.isPurged,
    knowsPassword.owner,
    knowsPassword.thief,
    hasSession.owner,
    hasSession.thief,
    state.hasSecondFactor,
    state.thiefReadsMail,
    state.isSecured,
  ].map(Number);
  const queued = SLOTS.map((slot) => state.queued[slot] ?? "-");
  const judged = pending === null ? "" : `${SLOTS.indexOf(pending.slot)}${pending.by}`;
  return `${links.join(",")}|${queued.join("")}|${judged}|${state.address}${flags.join("")}`;
}
