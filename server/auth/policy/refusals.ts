import type { AuthenticationMethod } from "./authentication-methods";
import type { Scope } from "./scopes";

/** Every reason for refusing a request, with its status, tRPC code and message. They are defined nowhere else. */
export const REFUSALS = {
  BAD_INPUT: {
    status: 400,
    trpcCode: "BAD_REQUEST",
    message: "Some of the values are not valid. Check them and try again.",
  },
  WEAK_PASSWORD: { status: 400, trpcCode: "BAD_REQUEST", message: "That password is too easy to guess." },
  INVALID_CREDENTIALS: { status: 401, trpcCode: "UNAUTHORIZED", message: "The email or password is incorrect." },
  SECOND_FACTOR_WRONG: { status: 401, trpcCode: "UNAUTHORIZED", message: "That code is not right." },
  SIGNED_OUT: { status: 401, trpcCode: "UNAUTHORIZED", message: "You are not signed in. Sign in and try again." },
  SESSION_ENDED: { status: 401, trpcCode: "UNAUTHORIZED", message: "Your session has ended. Please sign in again." },
  INVALID_TOKEN: {
    status: 401,
    trpcCode: "UNAUTHORIZED",
    message: "This access has ended or was never valid. Get a new one and try again.",
  },
  ORIGIN_REFUSED: {
    status: 403,
    trpcCode: "FORBIDDEN",
    message: "This request came from another site and was refused. Open the app at its own address.",
  },
  NOT_ALLOWED: { status: 403, trpcCode: "FORBIDDEN", message: "Your account has no permission to do this." },
  INSUFFICIENT_SCOPE: {
    status: 403,
    trpcCode: "FORBIDDEN",
    message: "This access does not include what you asked for.",
  },
  WRONG_PASSWORD: { status: 403, trpcCode: "FORBIDDEN", message: "That is not your current password." },
  STEP_UP_REQUIRED: {
    status: 403,
    trpcCode: "FORBIDDEN",
    message: "This was not done, because you did not confirm that it is you.",
  },
  NOT_FOUND: { status: 404, trpcCode: "NOT_FOUND", message: "This does not exist, or it was removed." },
  METHOD_NOT_ALLOWED: {
    status: 405,
    trpcCode: "METHOD_NOT_SUPPORTED",
    message: "This address does not take that method.",
  },
  EMAIL_TAKEN: { status: 409, trpcCode: "CONFLICT", message: "An account with this email already exists." },
  LAST_WAY_IN: {
    status: 409,
    trpcCode: "CONFLICT",
    message: "This is the last way into your account. Add another one first.",
  },
  // tRPC has no code for 410: the handler sets the status.
  LINK_SPENT: {
    status: 410,
    trpcCode: "NOT_FOUND",
    message: "This link or code does not work. It was used, replaced by a newer one, or has expired.",
  },
  TOO_LARGE: {
    status: 413,
    trpcCode: "PAYLOAD_TOO_LARGE",
    message: "The request is too large. Send less data at once.",
  },
  NOT_JSON: {
    status: 415,
    trpcCode: "UNSUPPORTED_MEDIA_TYPE",
    message: "The request body is not JSON. Send it as application/json.",
  },
  RATE_LIMITED: { status: 429, trpcCode: "TOO_MANY_REQUESTS", message: "Too many attempts. Please wait a moment." },
  NOT_AVAILABLE: {
    status: 501,
    trpcCode: "NOT_IMPLEMENTED",
    message: "This is not available here, because this installation sends no mail.",
  },
  UNAVAILABLE: {
    status: 503,
    trpcCode: "SERVICE_UNAVAILABLE",
    message: "We cannot do this right now. Please try again shortly.",
  },
} as const;

export type Reason = keyof typeof REFUSALS;

/** The message of every fault. Only the request id leaves the server, nothing about the cause. */
export const FAULT_MESSAGE = "Something went wrong on our side.";

export interface RefusalDetails {
  /** Messages by input field, for forms. */
  fields?: Record<string, string>;
  retryAfterSeconds?: number;
  /** For ORIGIN_REFUSED: the origin at which to use the app. */
  appOrigin?: string;
  /** For STEP_UP_REQUIRED: the methods of `auth.stepUp` that the caller can use. */
  methods?: AuthenticationMethod[];
  /** For INSUFFICIENT_SCOPE, where some bearer tokens may do it: the scope that they have. */
  scope?: Scope;
  /** For LINK_SPENT with an authentic link: what ended it. */
  spent?: "used" | "superseded" | "expired";
  /** For a login or a registration by passkey: no account has that passkey, so that the browser can stop offering it. */
  passkey?: "unknown";
  /** For a pending logout: the token that repeats it without a cookie. */
  endToken?: string;
}

/** A deliberate refusal. Any other thrown error is a fault. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly reason: Reason,
    readonly details: RefusalDetails = {},
    message: string = REFUSALS[reason].message,
  ) {
    super(message);
  }
}

/** For the limit of an account, which others may have exhausted: the message states the cause and the wait. */
export function tooManyWrongPasswords(retryAfterSeconds: number): Refusal {
  return tooManyWrong("passwords", retryAfterSeconds);
}

/** The same for codes of a second factor. */
export function tooManyWrongCodes(retryAfterSeconds: number): Refusal {
  return tooManyWrong("codes", retryAfterSeconds);
}

function tooManyWrong(what: "passwords" | "codes", retryAfterSeconds: number): Refusal {
  const minutes = Math.ceil(retryAfterSeconds / 60);
  const wait = minutes === 1 ? "1 minute" : `${minutes} minutes`;
  return new Refusal(
    "RATE_LIMITED",
    { retryAfterSeconds },
    `Too many wrong ${what} were tried for this account. Wait ${wait} before the next attempt.`,
  );
}

/** Shown when the browser does not store the cookies of a login. */
export const COOKIES_MESSAGE =
  "Signing in needs cookies, and your browser does not keep them for this site. Allow cookies for this site in the settings of your browser or of its extensions, then reload this page.";

/** For a second step whose first one has expired, was used, or belongs to another browser. */
export const CHALLENGE_OVER_MESSAGE = "This sign-in took too long or was already finished. Start again.";

/** For a passkey that does not authenticate, whatever the cause. */
export const PASSKEY_REFUSED_MESSAGE = "That passkey does not work here.";

/** For a new passkey that cannot be stored, whatever the cause. */
export const PASSKEY_NOT_ADDED_MESSAGE = "This passkey could not be added. Start again.";

/** For the first password of an account that has one. */
export const PASSWORD_EXISTS_MESSAGE = "Your account has a password already. Reload the page to change it.";

/** For a call that needs a verified email, where `REQUIRE_VERIFIED_EMAIL` is set. */
export const UNVERIFIED_MESSAGE =
  "Your email address is not verified yet. Open the link in the mail that we sent you, then try again.";

/** Shown when a call gets no response. */
export const UNREACHABLE_MESSAGE = "We could not reach the server. Check your connection and try again.";
