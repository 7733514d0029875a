import type { Actor, Model, Transition } from "@/evidence/mail-model/search";
import type { AuthenticationMethod } from "@/server/auth/policy/authentication-methods";
import {
  hasSecondFactor,
  mayRemove,
  secondFactorMethods,
  stepUpMethods,
  waysIn,
  without,
  type AccountWays,
  type Removable,
} from "@/server/auth/policy/ways-in";

/** The rules for factors: the implemented ones, with one changed. */
export interface FactorPolicy {
  name: string;
  mayRemove?: (account: AccountWays, what: Removable) => boolean;
  waysIn?: typeof waysIn;
  secondFactorMethods?: typeof secondFactorMethods;
  hasSecondFactor?: typeof hasSecondFactor;
  resetRemovesFactors?: true;
  codesStayWithoutFactor?: true;
  lastCodeMakesNoNewSet?: true;
  /** To remove a factor, it must be used. */
  removalAsksForIt?: true;
}

/** What 2 means is fixed by the search. */
export const PROPERTIES = {
  1: "no own act leaves an account without a way in, and no login uses up the person's last one",
  2: "a person who holds one complete way can replace or remove every lost factor",
  3: "the mailbox alone never passes a second factor",
  4: "no own act leaves the mailbox as the only substitute for a password before a second factor",
  5: "the listed ways are exactly those that a login accepts",
  6: "no login asks for recovery codes only, where every passkey is of this domain",
  7: "a change of the domain makes no login ask for less",
} as const;
export type Property = keyof typeof PROPERTIES;

/** Sets of codes and passkeys are small; nothing depends on how many there are beyond "none", "the last" and "more". */
const FULL_SET = 2;
const MOST_PASSKEYS = 2;

const NO_FACTORS = { hasTotp: false, recoveryCodes: 0, passkeys: 0, otherPasskeys: 0 };

interface Held {
  password: boolean;
  /** With the app of the present secret. */
  phone: boolean;
  passkeys: number;
  paper: boolean;
  mailbox: boolean;
}

export interface State {
  account: AccountWays;
  held: Held;
  /** Of the person, with what they last authenticated with. "old": too long ago for a change. */
  session: "none" | "old" | "password" | "strong";
}

/** A new account. With its passkey come recovery codes. */
export function registered(by: "password" | "passkey", isMailOn: boolean): State {
  const hasPassword = by === "password";
  const passkeys = hasPassword ? 0 : 1;
  const recoveryCodes = hasPassword ? 0 : FULL_SET;
  return {
    account: { ...NO_FACTORS, hasPassword, recoveryCodes, passkeys, emailVerified: false, isMailOn },
    held: { password: hasPassword, phone: false, passkeys, paper: !hasPassword, mailbox: true },
    session: hasPassword ? "password" : "strong",
  };
}

export function factorModel(
  policy: FactorPolicy,
  isMailOn: boolean,
  by: "password" | "passkey" = "password",
): Model<State> {
  const listed = policy.waysIn ?? waysIn;
  const asked = policy.secondFactorMethods ?? secondFactorMethods;
  const asks = policy.hasSecondFactor ?? hasSecondFactor;
  const isRemovable = policy.mayRemove ?? mayRemove;
  const initial = registered(by, isMailOn);
  return { initial, keyOf: JSON.stringify, transitions, isDone: isInOrder, isOver: (state) => !holdsWay(state) };

  function holds({ account, held }: State, proof: AuthenticationMethod | "mailbox"): boolean {
    switch (proof) {
      case "password":
        return account.hasPassword && held.password;
      case "totp":
        return account.hasTotp && held.phone;
      case "passkey":
        return held.passkeys > 0;
      case "recovery-code":
        return account.recoveryCodes > 0 && held.paper;
      case "mailbox":
        return account.isMailOn && held.mailbox;
    }
  }

  function holdsWay(state: State): boolean {
    return listed(state.account).some((way) => way.every((proof) => holds(state, proof)));
  }

  /** As the login itself decides, without the list. A reset of an address that was never confirmed is no way: it may be another's. */
  function canSignIn(state: State): boolean {
    const second = asked(state.account);
    const passesSecond = !asks(state.account) || second.some((method) => holds(state, method));
    const canReset = holds(state, "mailbox") && state.account.emailVerified;
    return holds(state, "passkey") || ((holds(state, "password") || canReset) && passesSecond);
  }

  function isInOrder(state: State): boolean {
    const { account, held } = state;
    const hasAll =
      (!account.hasTotp || held.phone) && held.passkeys === account.passkeys && account.otherPasskeys === 0;
    return holdsWay(state) && hasAll && (account.recoveryCodes === 0 || held.paper);
  }

  function transitions(state: State): Transition<State>[] {
    const { account, held, session } = state;
    const found: Transition<State>[] = [];
    const add = (by: Actor, event: string, next: State, violates?: Property) =>
      found.push({ by, event, next, violates: violates ?? violatedBy(by, next) });
    const change = (event: string, given: Partial<AccountWays>, has: Partial<Held> = {}) =>
      add("owner", `The owner ${event}.`, {
        account: { ...account, ...given },
        held: { ...held, ...has },
        session: "strong",
      });

    authenticate();
    resets();
    if (session !== "none") changes();
    loses();
    movesSite();
    return found;

    function authenticate() {
      const passes = (event: string, method: AuthenticationMethod, next: State["session"]) => {
        const after = { ...(method === "recovery-code" ? withCodeUsed(state) : state), session: next };
        add("owner", `The owner ${event}.`, after, holdsWay(state) && !holdsWay(after) ? 1 : undefined);
      };
      if (session === "none") {
        if (holds(state, "passkey")) passes("signs in by passkey", "passkey", "strong");
        if (!holds(state, "password")) return;
        const second = asked(account);
        if (!asks(account)) passes("signs in by password", "password", "password");
        for (const method of second)
          if (holds(state, method)) passes(`signs in by password and ${method}`, method, "strong");
        return;
      }
      for (const method of stepUpMethods(account, "any")) {
        if (!holds(state, method) || (method === "password" && session === "strong")) continue;
        passes(`steps up by ${method}`, method, method === "password" ? "password" : "strong");
      }
    }

    function resets() {
      if (!isMailOn) return;
      const removes = policy.resetRemovesFactors === true || !account.emailVerified;
      const afterwards = { ...account, ...(removes ? NO_FACTORS : {}), hasPassword: true, emailVerified: true };
      const kept = removes ? { ...held, phone: false, paper: false, passkeys: 0 } : held;
      const after: State = { account: afterwards, held: kept, session: "none" };
      if (held.mailbox)
        add("owner", "The owner resets the password by mail.", { ...after, held: { ...kept, password: true } });
      if (!account.emailVerified) return;
      const passes = asks(account) && !asks(afterwards);
      const event = "A thief who reads the mailbox resets the password.";
      add("thief", event, { ...after, held: { ...kept, password: false } }, passes ? 3 : undefined);
    }

    function changes() {
      if (isMailOn && held.mailbox && !account.emailVerified)
        add("owner", "The owner confirms the address.", { ...state, account: { ...account, emailVerified: true } });
      if (session !== "old") add("time", "Time passes.", { ...state, session: "old" });
      const isAllowed = session === "password" && stepUpMethods(account, "strong").includes("password");
      if (session !== "strong" && !isAllowed) return;
      const isFirst = !asks(account);
      const codes = isFirst ? { recoveryCodes: FULL_SET } : {};
      const paper = isFirst ? { paper: true } : {};
      change("adds or replaces the authenticator app", { hasTotp: true, ...codes }, { phone: true, ...paper });
      const more = { passkeys: held.passkeys + 1, ...paper };
      if (account.passkeys < MOST_PASSKEYS)
        change("adds a passkey", { passkeys: account.passkeys + 1, ...codes }, more);
      if (!isFirst) change("renews the recovery codes", { recoveryCodes: FULL_SET }, { paper: true });
      if (!account.hasPassword) change("sets a password", { hasPassword: true }, { password: true });
      if (isMailOn) change("changes the address", { emailVerified: true }, { mailbox: true });
      const removals: [Removable, string, boolean, Partial<Held>][] = [
        ["password", "removes the password", account.hasPassword, { password: false }],
        ["totp", "removes the authenticator app", account.hasTotp, { phone: false }],
        ["passkey", "removes a passkey that is there", held.passkeys > 0, { passkeys: held.passkeys - 1 }],
        ["passkey", "removes a lost passkey", account.passkeys > held.passkeys, {}],
        ["other-passkey", "removes a passkey of the former domain", account.otherPasskeys > 0, {}],
      ];
      for (const [what, event, exists, has] of removals) {
        if (!exists || !isRemovable(account, what)) continue;
        const isUsable = what !== "other-passkey" && !event.includes("lost") && holds(state, what);
        if (policy.removalAsksForIt && !isUsable) continue;
        const left = without(account, what);
        const codesLeft = policy.codesStayWithoutFactor ? account.recoveryCodes : left.recoveryCodes;
        change(event, { ...left, recoveryCodes: codesLeft }, { ...has, paper: codesLeft > 0 && held.paper });
      }
    }

    function loses() {
      const lose = (what: string, has: Partial<Held>) =>
        add("outsider", `The owner loses ${what}.`, { ...state, held: { ...held, ...has } });
      if (held.password) lose("the password", { password: false });
      if (held.phone) lose("the phone with the app", { phone: false });
      if (held.passkeys > 0) lose("a device with a passkey", { passkeys: held.passkeys - 1 });
      if (held.paper) lose("the paper with the codes", { paper: false });
      if (held.mailbox) lose("the mailbox", { mailbox: false });
      if (session !== "none") add("outsider", "The session ends.", { ...state, session: "none" });
    }

    /** Cookies are the former domain's. */
    function movesSite() {
      if (account.passkeys === 0) return;
      const otherPasskeys = Math.min(MOST_PASSKEYS, account.otherPasskeys + account.passkeys);
      const moved: State = {
        account: { ...account, passkeys: 0, otherPasskeys },
        held: { ...held, passkeys: 0 },
        session: "none",
      };
      const opens = asks(account) && !asks(moved.account);
      add("outsider", "The operator moves the site to another domain.", moved, opens ? 7 : undefined);
    }
  }

  function withCodeUsed(state: State): State {
    const left = state.account.recoveryCodes - 1;
    const recoveryCodes = left === 0 && !policy.lastCodeMakesNoNewSet ? FULL_SET : left;
    return { ...state, account: { ...state.account, recoveryCodes } };
  }

  function violatedBy(by: Actor, next: State): Property | undefined {
    const ways = waysIn(next.account);
    const methods = asked(next.account);
    if (by === "owner" && ways.length === 0) return 1;
    // A passkey of the former domain leaves nothing to remove but itself.
    const isMoved = next.account.otherPasskeys > 0;
    if (by === "owner" && !isMoved && methods.length > 0 && ways.every(([first]) => first === "mailbox")) return 4;
    if (holdsWay(next) !== canSignIn(next)) return 5;
    return !isMoved && methods.length > 0 && methods.every((method) => method === "recovery-code") ? 6 : undefined;
  }
}
