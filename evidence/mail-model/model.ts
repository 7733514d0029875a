import { MAX_CODE_TRIES, type PresentedProof } from "@/server/auth/policy/confirmations";
import { applyEffect, forgetAsker, isOpen, newLink, notify, supersede, withPasswordOf } from "./effects";
import { judge, lifeOf, type LinkPolicy } from "./policy";
import type { Actor, Model, Property, Transition } from "./search";
import {
  ADDRESSES,
  keyOf,
  NEW,
  OWNERS,
  purposeOf,
  SECOND,
  SLOTS,
  THIEFS,
  type Address,
  type Link,
  type Person,
  type Slot,
  type State,
  withLink,
} from "./state";
import { afterTick, withoutDetails } from "./time";

export interface Bounds {
  initial: State;
  isDone: (state: State) => boolean;
  isOver?: (state: State) => boolean;
  /** A gateway that strips the fragment leaves the reader only the code. */
  stripsFragments?: true;
  /** An outsider types wrong codes. */
  guesses?: true;
  /** One request may be judged and write later, while others are judged and write. */
  races?: true;
  hasThief?: true;
  /** The owner signs in and uses the account page. Otherwise only links. */
  signsIn?: true;
  /** Whatever the thief does, it opens no session. */
  thiefStaysOut?: true;
  /** The mails that are requested at any time. */
  requests?: readonly Slot[];
}

const WITH_LINK: PresentedProof = { hasToken: true, code: "none", isAskingSession: false, hasNewPassword: false };

export function mailModel(policy: LinkPolicy, bounds: Bounds): Model<State> {
  const { initial, isDone, isOver = () => false, requests = [] } = bounds;
  return { initial, keyOf, transitions, isDone, isOver };

  function transitions(state: State): Transition<State>[] {
    if (state.isPurged) return [];
    const found: Transition<State>[] = [];
    const add = (by: Actor, event: string, next: State, violates?: Property) =>
      found.push({
        by,
        event,
        next: policy.updateIgnores === undefined ? withoutDetails(next) : next,
        violates: violates ?? violatedBy(next),
      });

    deliver();
    owner();
    if (bounds.hasThief) thief();
    for (const slot of SLOTS) {
      const link = state.links[slot];
      if (link === null) continue;
      if (link.hasArrived) scan(slot, link);
      if (bounds.guesses && isOpen(slot, link)) guess(slot, link);
    }
    if (state.pending !== null) {
      const { slot, by } = state.pending;
      write({ ...state, pending: null }, slot, by, `The ${by}'s request writes.`);
    }
    const later = afterTick(state);
    if (keyOf(later) !== keyOf(state)) add("time", "Time passes.", later);
    return found;

    function deliver() {
      for (const slot of SLOTS) {
        const recipient = state.queued[slot];
        if (recipient !== null) open(slot, recipient);
        const link = state.links[slot];
        if (link !== null && !link.hasArrived) {
          const event = `The ${purposeOf(slot)} mail arrives at ${ADDRESSES[link.recipient]}.`;
          add("delivery", event, withLink(state, slot, { ...link, hasArrived: true }));
        }
      }
    }

    /** A link is opened when its mail is composed; a second request sends the same one again. */
    function open(slot: Slot, recipient: Address) {
      const without = { ...state, queued: { ...state.queued, [slot]: null } };
      // A request that was judged is about a link that is spent by then.
      const fresh = { ...without, pending: state.pending?.slot === slot ? null : state.pending };
      const event = `The ${purposeOf(slot)} mail to ${ADDRESSES[recipient]} is sent`;
      const before = state.links[slot];
      if (!isDue(slot, recipient)) return add("delivery", `The ${purposeOf(slot)} mail is not due any more.`, without);
      const canAsk = purposeOf(slot) === "verify-email" || purposeOf(slot) === "change-email";
      const isAsker = canAsk && recipient < THIEFS && state.hasSession.owner;
      const isSame = isOpen(slot, before) && before.recipient === recipient && slot !== "not-me";
      if (isSame && policy.secondRequest !== "ends the first link") {
        const age = policy.secondRequest === "extends the first link" ? 0 : before.age;
        return add("delivery", `${event} again.`, withLink(without, slot, { ...before, age, isAsker }));
      }
      const endsAnother = isSame && before.hasArrived;
      add("delivery", `${event}.`, withLink(fresh, slot, newLink(recipient, isAsker)), endsAnother ? 6 : undefined);
    }

    function isDue(slot: Slot, recipient: Address): boolean {
      switch (purposeOf(slot)) {
        case "verify-email":
          return !state.isVerified && !state.isDeleting && state.address === recipient;
        case "reset-password":
          return !state.isDeleting && state.address === recipient;
        case "change-email":
          return !state.isDeleting && state.address !== recipient;
        default:
          return true;
      }
    }

    function owner() {
      const { hasSession, knowsPassword, isDeleting } = state;
      for (const slot of SLOTS) {
        const link = state.links[slot];
        if (link === null || !link.hasArrived || link.recipient >= THIEFS) continue;
        const way = waysOfOwner(slot, link).find(([, proof]) => isPerformed(slot, link, proof));
        if (way !== undefined) confirm(slot, "owner", `The owner ${way[0]} (${purposeOf(slot)}).`);
      }
      if (requests.includes("verify-email") && !state.isVerified && hasSession.owner)
        add("owner", "The owner requests the verification mail.", queue("verify-email", state.address));
      if (requests.includes("reset-password") && state.address < THIEFS && !isDeleting)
        add("owner", "A password reset is requested.", queue("reset-password", state.address));
      if (requests.includes("change-email") && !bounds.hasThief && hasSession.owner && state.address === OWNERS)
        add("owner", "The owner requests a change of address.", notify(queue("change-email", NEW)));
      if (bounds.signsIn && knowsPassword.owner && !hasSession.owner && !isDeleting)
        add("owner", "The owner signs in.", { ...state, hasSession: { ...hasSession, owner: true } });
      if (hasSession.owner && !bounds.hasThief)
        add("outsider", "The owner's browser loses its session.", forgetAsker(withSession("owner", false)));
      if (state.thiefReadsMail)
        add("owner", "The owner changes the password of the mailbox.", { ...state, thiefReadsMail: false });
      if (bounds.hasThief && hasSession.owner && knowsPassword.owner) changePassword("owner");
    }

    function waysOfOwner(slot: Slot, link: Link): [how: string, proof: PresentedProof][] {
      const hasNewPassword = purposeOf(slot) === "reset-password";
      const isAskingSession = link.isAsker && state.hasSession.owner;
      const typed: [string, PresentedProof] = [
        hasNewPassword ? "types the code and a new password" : "types the code",
        { ...WITH_LINK, hasToken: false, code: "right", hasNewPassword },
      ];
      if (bounds.stripsFragments) return [typed];
      return [
        hasNewPassword
          ? ["opens the link and types a new password", { ...WITH_LINK, hasNewPassword }]
          : ["presses the button in the browser that asked", { ...WITH_LINK, isAskingSession }],
        ["opens the link and types the code", { ...WITH_LINK, code: "right", hasNewPassword }],
        typed,
      ];
    }

    function thief() {
      const { hasSession, knowsPassword, address } = state;
      for (const slot of SLOTS) {
        const link = state.links[slot];
        if (link === null || !link.hasArrived) continue;
        const purpose = purposeOf(slot);
        if (state.thiefReadsMail && link.recipient === OWNERS && !link.isReadByThief && isOpen(slot, link))
          add("thief", `The thief reads the ${purpose} mail.`, withLink(state, slot, { ...link, isReadByThief: true }));
        const proof: PresentedProof = { ...WITH_LINK, code: "right", hasNewPassword: true };
        if ((link.isReadByThief || link.recipient >= THIEFS) && isPerformed(slot, link, proof))
          confirm(slot, "thief", `The thief opens the link and types what it asks for (${purpose}).`);
      }
      if (knowsPassword.thief && !hasSession.thief && !state.hasSecondFactor)
        add("thief", "The thief signs in.", withSession("thief", true));
      if (!hasSession.thief || !knowsPassword.thief) return;
      const wanted = address < THIEFS ? THIEFS : address === THIEFS && bounds.signsIn ? SECOND : null;
      if (wanted !== null)
        add(
          "thief",
          `The thief requests a change of address to ${wanted === THIEFS ? "an own one" : "a second own one"}.`,
          notify(queue("change-email", wanted)),
        );
      changePassword("thief");
    }

    function changePassword(by: Person) {
      const others = by === "owner" ? withSession("thief", false) : forgetAsker(withSession("owner", false));
      const changed = supersede(policy, withPasswordOf(by, others), "change-password");
      add(by, `The ${by} changes the password on the account page.`, changed);
    }

    /** A machine in front of the mailbox: opens the link, runs its scripts and presses its buttons, without cookies. */
    function scan(slot: Slot, link: Link) {
      if (link.recipient >= THIEFS || !isOpen(slot, link)) return;
      if (policy.describingConsumes || isPerformed(slot, link, WITH_LINK))
        add("scanner", `A scanner opens the link of the ${purposeOf(slot)} mail and presses its button.`, state, 1);
    }

    /** A wrong code, typed with the address. It must leave the link of the owner as good as before. */
    function guess(slot: Slot, link: Link) {
      if (link.tries >= MAX_CODE_TRIES) return;
      const tries = policy.countsNoWrongCodes ? link.tries : link.tries + 1;
      const guessed = { ...link, tries, compared: link.compared + 1 };
      const hasEnded = !isPerformed(slot, guessed, { ...WITH_LINK, code: "right", hasNewPassword: true });
      const violates = guessed.compared > MAX_CODE_TRIES ? 7 : hasEnded ? 6 : undefined;
      add("outsider", `An outsider types a wrong code (${purposeOf(slot)}).`, withLink(state, slot, guessed), violates);
    }

    function confirm(slot: Slot, by: Person, event: string) {
      write(state, slot, by, event);
      if (bounds.races && state.pending === null)
        add(by, event.replace(/\.$/, ": judged, not yet written."), { ...state, pending: { slot, by } });
    }

    /** The conditional UPDATE and the effect, in one transaction. */
    function write(from: State, slot: Slot, by: Person, event: string) {
      const link = from.links[slot]!;
      const ignores = (what: "used" | "superseded" | "expired") => policy.updateIgnores?.includes(what) === true;
      const isSpent =
        (link.status === "used" && !ignores("used")) ||
        (link.status === "superseded" && !ignores("superseded")) ||
        (link.age >= lifeOf(slot) && !ignores("expired"));
      const after = isSpent ? null : applyEffect(policy, from, slot, by);
      if (after === null) return add(by, `${event} It is spent.`, from);
      const isRepeated = link.status === "used" || link.trueAge >= lifeOf(slot);
      const opensSession = after.hasSession[by] && !from.hasSession[by];
      add(by, event, after, isRepeated ? 4 : opensSession ? 3 : undefined);
    }

    function isPerformed(slot: Slot, link: Link, proof: PresentedProof): boolean {
      return judge(policy, slot, link, state.isDeleting, proof) === "perform";
    }

    function queue(slot: Slot, recipient: Address): State {
      return { ...state, queued: { ...state.queued, [slot]: recipient } };
    }

    function withSession(of: Person, isLive: boolean): State {
      return { ...state, hasSession: { ...state.hasSession, [of]: isLive } };
    }
  }

  function violatedBy({ isSecured, address, knowsPassword, hasSession }: State): Property | undefined {
    if (bounds.thiefStaysOut && hasSession.thief) return 3;
    if (isSecured && (address >= THIEFS || knowsPassword.thief || hasSession.thief)) return 5;
    return undefined;
  }
}
