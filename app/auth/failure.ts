import { TRPCClientError } from "@trpc/client";
import type { AuthenticationMethod } from "@/server/auth/policy/authentication-methods";
import { COOKIES_MESSAGE, FAULT_MESSAGE, UNREACHABLE_MESSAGE, type Reason } from "@/server/auth/policy/refusals";
import type { AppRouter } from "@/server/api/router";

/** For a request that the server took for a cross-site one although the page has the correct origin. */
const ORIGIN_HEADER_MESSAGE =
  "The server rejected this request because it appears to come from another site. A browser extension or a proxy may change or remove its Origin header: disable the extension, or contact the operator of this site.";

/** The error of a call, ready for display. */
export interface Failure {
  kind: "refused";
  reason: Reason | "FAULT" | "UNREACHABLE" | "COOKIES_NOT_KEPT" | "PASSKEY_FAILED";
  message: string;
  fields?: Record<string, string>;
  retryAfterSeconds?: number;
  requestId?: string;
  link?: { href: string; text: string };
  /** Of an authentic link that does nothing any more: what ended it. */
  spent?: "used" | "superseded" | "expired";
  /** Of a login or a registration by a passkey that no account has. */
  passkey?: "unknown";
  /** Of a logout that is pending because the database is unavailable. */
  endToken?: string;
}

/** The browser does not store the cookies of this site. */
export class CookiesNotKept extends Error {}

/** The browser used or created no passkey. The message is for display. */
export class PasskeyFailed extends Error {}

export function describeFailure(error: unknown): Failure {
  const data = error instanceof TRPCClientError ? (error as TRPCClientError<AppRouter>).data : undefined;
  if (error instanceof TRPCClientError && data) {
    if ("appOrigin" in data && data.appOrigin !== undefined) {
      const wrongOrigin = describeWrongOrigin(data.appOrigin) ?? { message: ORIGIN_HEADER_MESSAGE };
      return { ...data, kind: "refused", ...wrongOrigin };
    }
    if (!("reason" in data)) return { ...data, kind: "refused", reason: "FAULT", message: FAULT_MESSAGE };
    return { ...data, kind: "refused", message: error.message };
  }
  if (error instanceof CookiesNotKept) return { kind: "refused", reason: "COOKIES_NOT_KEPT", message: COOKIES_MESSAGE };
  if (error instanceof PasskeyFailed) return { kind: "refused", reason: "PASSKEY_FAILED", message: error.message };
  return { kind: "refused", reason: "UNREACHABLE", message: UNREACHABLE_MESSAGE };
}

/** The error and the link for a page that was opened at another origin than the app's; null at the app's own. */
export function describeWrongOrigin(
  appOrigin: string,
): { message: string; link: { href: string; text: string } } | null {
  if (location.origin === appOrigin) return null;
  const href = new URL(location.pathname + location.search + location.hash, appOrigin).href;
  return {
    message: `This page was opened at ${location.origin}, but this app can only be used at ${appOrigin}.`,
    link: { href, text: "Open this page there" },
  };
}

/** The reason of a refusal, or null. */
export function reasonOf(error: unknown): Reason | null {
  const data = error instanceof TRPCClientError ? (error as TRPCClientError<AppRouter>).data : undefined;
  return data && "reason" in data ? data.reason : null;
}

/** Of a call that requires a step-up: the methods that it accepts. */
export function methodsOf(error: unknown): readonly AuthenticationMethod[] {
  const data = error instanceof TRPCClientError ? (error as TRPCClientError<AppRouter>).data : undefined;
  return data && "methods" in data ? (data.methods ?? []) : [];
}

/** The HTTP status of the response, or null if there was none. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof TRPCClientError)) return null;
  return (error as TRPCClientError<AppRouter>).data?.httpStatus ?? null;
}
