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
