/** Every way in which this product says no. Status, tRPC code and wording stand here and nowhere else. */
export const REFUSALS = {
  BAD_INPUT: { status: 400, trpcCode: "BAD_REQUEST", message: "Please check what you entered." },
  WEAK_PASSWORD: { status: 400, trpcCode: "BAD_REQUEST", message: "That password is too easy to guess." },
  INVALID_CREDENTIALS: { status: 401, trpcCode: "UNAUTHORIZED", message: "The email or the password is not right." },
  SIGNED_OUT: { status: 401, trpcCode: "UNAUTHORIZED", message: "You are not signed in." },
  SESSION_ENDED: { status: 401, trpcCode: "UNAUTHORIZED", message: "Your session has ended. Please sign in again." },
  ORIGIN_REFUSED: { status: 403, trpcCode: "FORBIDDEN", message: "This request came from another site." },
  NOT_ALLOWED: { status: 403, trpcCode: "FORBIDDEN", message: "You are not allowed to do this." },
  WRONG_PASSWORD: { status: 403, trpcCode: "FORBIDDEN", message: "That is not your current password." },
  NOT_FOUND: { status: 404, trpcCode: "NOT_FOUND", message: "There is nothing here by that name." },
  METHOD_NOT_ALLOWED: {
    status: 405,
    trpcCode: "METHOD_NOT_SUPPORTED",
    message: "This address does not take that method.",
  },
  EMAIL_TAKEN: { status: 409, trpcCode: "CONFLICT", message: "An account with this email already exists." },
  TOO_LARGE: { status: 413, trpcCode: "PAYLOAD_TOO_LARGE", message: "That is more than we accept at once." },
  NOT_JSON: { status: 415, trpcCode: "UNSUPPORTED_MEDIA_TYPE", message: "Please send application/json." },
  RATE_LIMITED: { status: 429, trpcCode: "TOO_MANY_REQUESTS", message: "Too many attempts. Please wait a moment." },
  UNAVAILABLE: {
    status: 503,
    trpcCode: "SERVICE_UNAVAILABLE",
    message: "We cannot do this right now. Please try again shortly.",
  },
} as const;

export type Reason = keyof typeof REFUSALS;

/** What a fault says. It has no reason: nothing about its cause leaves the server but the request id. */
export const FAULT_MESSAGE = "Something went wrong on our side.";

export interface RefusalDetails {
  /** Messages by input field, for forms. */
  fields?: Record<string, string>;
  retryAfterSeconds?: number;
  /** Of a request from another origin: where the app is to be used. */
  appOrigin?: string;
  /** Of a logout that waits for the database: repeats it, without any cookie. */
  endToken?: string;
}

/** A deliberate no. Anything else that is thrown is a fault. */
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

/** For the limit of an account, which others may have used up: waiting is said with its reason. */
export function tooManyWrongPasswords(retryAfterSeconds: number): Refusal {
  const minutes = Math.ceil(retryAfterSeconds / 60);
  const wait = minutes === 1 ? "1 minute" : `${minutes} minutes`;
  return new Refusal(
    "RATE_LIMITED",
    { retryAfterSeconds },
    `Too many wrong passwords were tried for this account. Wait ${wait} before the next attempt.`,
  );
}

/** What the browser says when it does not keep the cookies of a login. */
export const COOKIES_MESSAGE =
  "Signing in needs cookies, and your browser does not keep them for this site. Allow cookies for this site in the settings of your browser or of its extensions, then reload this page.";

/** What the browser says when no answer came. */
export const UNREACHABLE_MESSAGE = "We could not reach the server. Check your connection and try again.";
