/** The user as described by the access token. */
export interface SignedInUser {
  id: string;
  email: string;
  fullName: string;
  role: string;
}

/** Instants are ISO 8601 strings, as sent to the browser. */
export interface SignedInSession {
  id: string;
  /** When the access token expires; the session continues. */
  expiresAt: string;
  /** When the gate renews the access token. */
  refreshAt: string;
}

export interface SignedIn {
  user: SignedInUser;
  session: SignedInSession;
}

/** As the access token states it: a verification shows in the next token. */
export interface EmailStatus {
  isEmailVerified: boolean;
  /** `REQUIRE_VERIFIED_EMAIL` is set, and the email is not verified. */
  mustVerifyEmail: boolean;
}

/** The authenticated user and session, however the credentials were sent: a bearer token contains neither email nor name. */
export interface Identity {
  user: Pick<SignedInUser, "id" | "role">;
  session: Pick<SignedInSession, "id">;
}

/** The authenticated user and session of a request with cookies. */
export interface Caller extends SignedIn, EmailStatus {
  /** When the user last authenticated, and how: values of `amr` (RFC 8176). */
  authenticatedAt: Date;
  authenticationMethods: readonly string[];
}

/** For statements that check the caller's own session before they change or list anything. */
export function callerIds({ user, session }: Identity): { userId: string; sessionId: string } {
  return { userId: user.id, sessionId: session.id };
}

/** The credentials of a request, as far as the gate depends on them. */
export interface Credentials {
  /** A valid access token: signed by us, not expired, of this client, not revoked. */
  access: ({ refreshDueAt: Date } & EmailStatus) | null;
  /** Whether the request has a refresh token, valid or not. */
  hasRefreshToken: boolean;
}

/** The result of a refresh, as far as the gate depends on it. */
export type RefreshResult =
  | { kind: "refreshed"; access: EmailStatus }
  /**
   * The session has ended: revoked, expired, or its token was replayed. `wasJustReplaced`: by a newer session of the same
   * browser, whose cookies may still be in transit.
   */
  | { kind: "ended"; wasJustReplaced?: boolean }
  /** Not signed by us, or with a retired key: treated like no token, and the cookies stay. */
  | { kind: "unreadable" }
  /** Unknown: the database is unavailable or a rate limit is exceeded. */
  | { kind: "unavailable"; status: 429 | 503; retryAfterSeconds?: number };
