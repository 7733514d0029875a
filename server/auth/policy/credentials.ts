/** Who somebody is, as everybody may know it: what the access token says of its holder. */
export interface SignedInUser {
  id: string;
  email: string;
  fullName: string;
  role: string;
}

/** Instants are ISO 8601 strings, as they travel. */
export interface SignedInSession {
  id: string;
  /** When the access token expires; the session itself goes on. */
  expiresAt: string;
  /** When the gate renews the access token. */
  refreshAt: string;
}

export interface SignedIn {
  user: SignedInUser;
  session: SignedInSession;
}

/** Somebody signed in: who, and by which session. How their credentials travelled is not its business. */
export interface Caller extends SignedIn {
  /** When the person last proved who they are. */
  authenticatedAt: Date;
}

/** For statements that look at the caller's own session before they change or list anything. */
export function callerIds({ user, session }: Caller): { userId: string; sessionId: string } {
  return { userId: user.id, sessionId: session.id };
}

/** What the gate needs to know about the cookies of a request. */
export interface Credentials {
  /** A *usable* access token: signed by us, in time, for this client, not revoked. */
  access: { refreshDueAt: Date } | null;
  /** Whether a refresh cookie is there; only the rotation knows what it is worth. */
  hasRefreshToken: boolean;
}

/** What became of a refresh, as far as the gate is concerned. */
export type RefreshResult =
  | { kind: "refreshed" }
  /**
   * The session is over: revoked, expired, or its token was replayed. `wasJustReplaced`: by another one of the same browser, whose
   * cookies may be on their way.
   */
  | { kind: "ended"; wasJustReplaced?: boolean }
  /** Not a token of ours (any more): as good as none, and no reason to touch a cookie. */
  | { kind: "unreadable" }
  /** Nobody knows: the database is away or somebody asks too often. */
  | { kind: "unavailable"; status: 429 | 503; retryAfterSeconds?: number };
