/** The ways in which a user can prove who they are. */
export type AuthenticationMethod = "password" | "totp" | "recovery-code" | "passkey";
export type SecondFactorMethod = Exclude<AuthenticationMethod, "password">;

/** Values of `amr` (RFC 8176, section 2). A recovery code is a one-time password, too. */
const VALUES: Readonly<Record<AuthenticationMethod, readonly string[]>> = {
  password: ["pwd"],
  totp: ["otp"],
  "recovery-code": ["otp"],
  // A private key that the authenticator uses only after it has verified the user.
  passkey: ["pop", "user", "mfa"],
};

/** The `amr` claim of one authentication. */
export function authenticationValues(methods: readonly AuthenticationMethod[]): string[] {
  const values = new Set(methods.flatMap((method) => VALUES[method]));
  if (methods.length > 1) values.add("mfa");
  return [...values];
}

/** The `amr` claim of a session whose user has proved one method more. */
export function addAuthentication(values: readonly string[], method: AuthenticationMethod): string[] {
  const all = new Set([...values, ...VALUES[method]]);
  if (all.has("pwd") && isStrong([...all])) all.add("mfa");
  return [...all];
}

/** Whether more than a password was used. */
export function isStrong(values: readonly string[]): boolean {
  return values.includes("otp") || values.includes("pop");
}
