import { STEP_UP_WITHIN_SECONDS } from "./lifetimes";
import { TRPC } from "./routes";
import type { Scope } from "./scopes";
import type { StepUpRule } from "./step-up";

/** Facts about a procedure that are needed before it runs. */
export interface ProcedureFacts {
  access: "public" | "signed-in";
  /** May share an HTTP request with other calls. Password admission and rate limits count requests, not calls. */
  batch: boolean;
  hashesPassword: boolean;
  /** Refuses a caller whose last authentication is too old, until they authenticate again by `auth.stepUp`. */
  stepUp?: StepUpRule;
  /** Bearer tokens with this scope may call it. Without one it takes cookies only. */
  scope?: Scope;
  /** May be called before the email is verified, where `REQUIRE_VERIFIED_EMAIL` is set. Public procedures always may. */
  allowsUnverified?: true;
}

/** Every procedure of the router. One that hashes, changes credentials, or opens or ends sessions is never batched. */
export const PROCEDURES: Readonly<Record<string, ProcedureFacts>> = {
  "account.export": {
    access: "signed-in",
    batch: false,
    hashesPassword: false,
    allowsUnverified: true,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "account.requestDeletion": {
    access: "signed-in",
    batch: false,
    hashesPassword: false,
    allowsUnverified: true,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "auth.register": { access: "public", batch: false, hashesPassword: true },
  "auth.login": { access: "public", batch: false, hashesPassword: true },
  "auth.secondFactor": { access: "public", batch: false, hashesPassword: true },
  "auth.beginPasskeyLogin": { access: "public", batch: false, hashesPassword: false },
  "auth.finishPasskeyLogin": { access: "public", batch: false, hashesPassword: false },
  "auth.beginPasskeyRegistration": { access: "public", batch: false, hashesPassword: false },
  // Makes the recovery codes of the account, which are hashed.
  "auth.finishPasskeyRegistration": { access: "public", batch: false, hashesPassword: true },
  // Signed in, or with a login that waits for its second step.
  "auth.beginPasskeyAssertion": { access: "public", batch: false, hashesPassword: false },
  "auth.refresh": { access: "public", batch: false, hashesPassword: false },
  "auth.logout": { access: "public", batch: false, hashesPassword: false },
  "auth.logoutAll": { access: "signed-in", batch: false, hashesPassword: false, allowsUnverified: true },
  "auth.accessToken": { access: "signed-in", batch: false, hashesPassword: false },
  "auth.stepUp": { access: "signed-in", batch: false, hashesPassword: true, allowsUnverified: true },
  "auth.session": { access: "signed-in", batch: true, hashesPassword: false, allowsUnverified: true },
  "passkeys.beginRegistration": {
    access: "signed-in",
    batch: false,
    hashesPassword: false,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  // The first factor of an account makes recovery codes, which are hashed.
  "passkeys.finishRegistration": {
    access: "signed-in",
    batch: false,
    hashesPassword: true,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "passkeys.rename": { access: "signed-in", batch: false, hashesPassword: false },
  "passkeys.remove": {
    access: "signed-in",
    batch: false,
    hashesPassword: false,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "password.requestReset": { access: "public", batch: false, hashesPassword: false },
  "email.requestVerification": { access: "signed-in", batch: false, hashesPassword: false, allowsUnverified: true },
  "email.requestChange": {
    access: "signed-in",
    batch: false,
    hashesPassword: false,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
    allowsUnverified: true,
  },
  "confirm.describe": { access: "public", batch: false, hashesPassword: false },
  "confirm.perform": { access: "public", batch: false, hashesPassword: true },
  "users.me": {
    access: "signed-in",
    batch: true,
    hashesPassword: false,
    scope: "profile:read",
    allowsUnverified: true,
  },
  "users.update": { access: "signed-in", batch: true, hashesPassword: false, scope: "profile:write" },
  "users.changePassword": {
    access: "signed-in",
    batch: false,
    hashesPassword: true,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong", onlyWithSecondFactor: true },
  },
  "users.setPassword": {
    access: "signed-in",
    batch: false,
    hashesPassword: true,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "sessions.list": { access: "signed-in", batch: true, hashesPassword: false, scope: "sessions:read" },
  "sessions.revoke": { access: "signed-in", batch: false, hashesPassword: false, scope: "sessions:write" },
  "sessions.revokeOthers": { access: "signed-in", batch: false, hashesPassword: false, scope: "sessions:write" },
  "factors.list": { access: "signed-in", batch: true, hashesPassword: false },
  "totp.begin": {
    access: "signed-in",
    batch: false,
    hashesPassword: false,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "totp.confirm": {
    access: "signed-in",
    batch: false,
    hashesPassword: true,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "totp.remove": {
    access: "signed-in",
    batch: false,
    hashesPassword: false,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
  "recoveryCodes.renew": {
    access: "signed-in",
    batch: false,
    hashesPassword: true,
    stepUp: { withinSeconds: STEP_UP_WITHIN_SECONDS, strength: "strong" },
  },
};

/** Null for an unknown name, inherited properties such as "constructor" included. */
export function procedureFacts(name: string): ProcedureFacts | null {
  return Object.hasOwn(PROCEDURES, name) ? PROCEDURES[name]! : null;
}

/**
 * The procedure names in the path of a call, parsed as tRPC does: one trailing slash is dropped, then percent-encoding is
 * decoded. Null if it cannot be decoded.
 */
export function proceduresIn(path: string): string[] | null {
  if (!path.startsWith(`${TRPC}/`)) return [];
  try {
    return decodeURIComponent(path.slice(TRPC.length + 1).replace(/\/$/, "")).split(",");
  } catch {
    return null;
  }
}
