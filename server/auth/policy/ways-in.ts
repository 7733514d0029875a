import type { AuthenticationMethod, SecondFactorMethod } from "./authentication-methods";

/** What an account can authenticate with. */
export interface AccountFactors {
  hasPassword: boolean;
  hasTotp: boolean;
  /** Unused ones. They replace the second factor, never the password. */
  recoveryCodes: number;
  /** Made for the domain of this site. */
  passkeys: number;
  /** Made for another one, such as its former domain: they cannot be used here. */
  otherPasskeys: number;
}

/** From the row of a user. An empty hash is no password. `passkeyDomains`: of each passkey, as JSON. `domain`: of this site. */
export function factorsOf(
  row: { passwordHash: string; hasTotp: number; recoveryCodes: number; passkeyDomains: string | null },
  domain: string,
): AccountFactors {
  const domains = JSON.parse(row.passkeyDomains ?? "[]") as string[];
  const passkeys = domains.filter((one) => one === domain).length;
  return {
    hasPassword: row.passwordHash !== "",
    hasTotp: row.hasTotp === 1,
    recoveryCodes: row.recoveryCodes,
    passkeys,
    otherPasskeys: domains.length - passkeys,
  };
}

/**
 * Whether a password alone is not enough. Passkeys that cannot be used here count: otherwise a change of the domain, or another site
 * with the same database, would open the account to anyone who knows the password.
 */
export function hasSecondFactor({ hasTotp, passkeys, otherPasskeys }: AccountFactors): boolean {
  return hasTotp || passkeys + otherPasskeys > 0;
}

/** What a login asks for after the right password of an account with a second factor. Empty: no method is left here. */
export function secondFactorMethods(factors: AccountFactors): SecondFactorMethod[] {
  const { hasTotp, recoveryCodes, passkeys } = factors;
  if (!hasSecondFactor(factors)) return [];
  return [
    ...(passkeys > 0 ? (["passkey"] as const) : []),
    ...(hasTotp ? (["totp"] as const) : []),
    ...(recoveryCodes > 0 ? (["recovery-code"] as const) : []),
  ];
}

/** What a signed-in user can authenticate with again. "strong": with a second factor or a passkey, where the account has one. */
export function stepUpMethods(factors: AccountFactors, strength: "any" | "strong"): AuthenticationMethod[] {
  const methods = secondFactorMethods(factors);
  return factors.hasPassword && (strength === "any" || !hasSecondFactor(factors)) ? ["password", ...methods] : methods;
}

/** And whether a reset by mail can replace the password. */
export interface AccountWays extends AccountFactors {
  emailVerified: boolean;
  isMailOn: boolean;
}

/** What one way asks for, in order. The mailbox stands for the password, by a reset. */
export type WayIn = readonly (AuthenticationMethod | "mailbox")[];

/** Every complete way into an account. A reset replaces only the password, so it never passes a second factor alone. */
export function waysIn(account: AccountWays): WayIn[] {
  const first = [
    ...(account.hasPassword ? (["password"] as const) : []),
    // An address that was never confirmed may be another person's.
    ...(account.isMailOn && account.emailVerified ? (["mailbox"] as const) : []),
  ];
  const second = secondFactorMethods(account);
  const withFirst: WayIn[] = hasSecondFactor(account)
    ? first.flatMap((one) => second.map((other) => [one, other] as const))
    : first.map((one) => [one]);
  return account.passkeys > 0 ? [["passkey"], ...withFirst] : withFirst;
}

/** What can be removed from an account, one passkey at a time. */
export type Removable = "password" | "totp" | "passkey" | "other-passkey";

export function without<Account extends AccountFactors>(account: Account, what: Removable): Account {
  const left = {
    ...account,
    hasPassword: account.hasPassword && what !== "password",
    hasTotp: account.hasTotp && what !== "totp",
    passkeys: account.passkeys - (what === "passkey" ? 1 : 0),
    otherPasskeys: account.otherPasskeys - (what === "other-passkey" ? 1 : 0),
  };
  // Recovery codes replace a second factor: they go with the last one.
  return hasSecondFactor(left) ? left : { ...left, recoveryCodes: 0 };
}

/**
 * Whether an account stays accessible without it, also when no mail arrives. The mailbox is no way of its own: beside a second factor,
 * also one that is added later, the loss of either would be final, and an account with no other way could do no step-up.
 */
export function mayRemove(account: AccountWays, what: Removable): boolean {
  return waysIn(without(account, what)).some(([first]) => first !== "mailbox");
}
