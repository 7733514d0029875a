import type { AuthenticationMethod, SecondFactorMethod } from "./authentication-methods";

/** What an account can authenticate with. */
export interface AccountFactors {
  hasPassword: boolean;
  hasTotp: boolean;
  /** Unused ones. They replace the second factor, never the password. */
  recoveryCodes: number;
  passkeys: number;
}

/** From the row of a user. An empty hash is no password. */
export function factorsOf(row: {
  passwordHash: string;
  hasTotp: number;
  recoveryCodes: number;
  passkeys: number;
}): AccountFactors {
  const { passwordHash, hasTotp, recoveryCodes, passkeys } = row;
  return { hasPassword: passwordHash !== "", hasTotp: hasTotp === 1, recoveryCodes, passkeys };
}

/** What a login asks for after the right password. Empty: nothing. */
export function secondFactorMethods({ hasTotp, recoveryCodes, passkeys }: AccountFactors): SecondFactorMethod[] {
  if (!hasTotp && passkeys === 0) return [];
  return [
    ...(passkeys > 0 ? (["passkey"] as const) : []),
    ...(hasTotp ? (["totp"] as const) : []),
    ...(recoveryCodes > 0 ? (["recovery-code"] as const) : []),
  ];
}

/** What a signed-in user can authenticate with again. "strong": with a second factor or a passkey, where the account has one. */
export function stepUpMethods(factors: AccountFactors, strength: "any" | "strong"): AuthenticationMethod[] {
  const methods = secondFactorMethods(factors);
  return factors.hasPassword && (strength === "any" || methods.length === 0) ? ["password", ...methods] : methods;
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
  const withFirst: WayIn[] =
    second.length === 0 ? first.map((one) => [one]) : first.flatMap((one) => second.map((other) => [one, other]));
  return account.passkeys > 0 ? [["passkey"], ...withFirst] : withFirst;
}

/** What can be removed from an account, one passkey at a time. */
export type Removable = "password" | "totp" | "passkey";

export function without<Account extends AccountFactors>(account: Account, what: Removable): Account {
  const left = {
    ...account,
    hasPassword: account.hasPassword && what !== "password",
    hasTotp: account.hasTotp && what !== "totp",
    passkeys: account.passkeys - (what === "passkey" ? 1 : 0),
  };
  // Recovery codes replace a second factor: they go with the last one.
  return secondFactorMethods(left).length === 0 ? { ...left, recoveryCodes: 0 } : left;
}

/**
 * Whether an account stays accessible without it, also when no mail arrives. The mailbox is no way of its own: beside a second factor,
 * also one that is added later, the loss of either would be final, and an account with no other way could do no step-up.
 */
export function mayRemove(account: AccountWays, what: Removable): boolean {
  return waysIn(without(account, what)).some(([first]) => first !== "mailbox");
}
