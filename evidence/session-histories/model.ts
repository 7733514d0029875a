/**
 * The reference model of sessions. Written from the specification and not from the code, so nothing here may import the code.
 * Instants are whole seconds since the start of the history; tokens and sessions are names.
 */
export interface Model {
  users: Record<string, UserModel>;
  sessions: Record<string, SessionModel>;
  /** All refresh tokens that were ever current; a new token is none of these. */
  issuedTokens: string[];
  /** "instance session": the revocations that an instance knows. */
  knownRevocations: string[];
  /** Links sent by mail, in no order. */
  links: LinkModel[];
  /** Mails of which no text exists yet: their links are opened when they are composed. */
  queuedMails: QueuedMail[];
}

export interface UserModel {
  email: string;
  password: number;
  role: string;
  isDisabled: boolean;
  epoch: number;
}

export interface SessionModel {
  user: string;
  remember: boolean;
  generation: number;
  current: string;
  previous: string | null;
  openedAt: number;
  rotatedAt: number;
  handedAt: number;
  idleAt: number;
  absoluteAt: number;
  /** The client of the last write. */
  place: Place;
  recoveries: number;
  ended: string | null;
  isPurged: boolean;
}

/** Links without names: two of the same user, purpose, address and time are equivalent. */
export interface LinkModel {
  user: string;
  purpose: LinkPurpose;
  email: string;
  openedAt: number;
  /** Wrong codes typed with the address. */
  tries: number;
  spent: "used" | "superseded" | null;
}

export type LinkPurpose = "reset-password" | "change-email" | "revert-email" | "not-me";

export interface QueuedMail {
  /** Of the call that queued it. */
  key: string;
  /** Null for a request whose address may belong to no account. */
  user: string | null;
  purpose: LinkPurpose;
  email: string;
}

/** Short, so that a few waits reach every limit. Ten grace windows must be shorter than the idle limit. */
export const SECONDS = { grace: 4, access: 30, idle: 50, absolute: 120 };
export const MAX_GRACE_WINDOWS = 10;

/** Two networks with the same browser, and a network with a different browser. */
export const PLACES = ["home", "train", "office"] as const;
export type Place = (typeof PLACES)[number];

export function isSameKindOfBrowser(one: Place, other: Place): boolean {
  return (one === "office") === (other === "office");
}

export function createSession(user: string, token: string, place: Place, remember: boolean, at: number): SessionModel {
  return {
    user,
    remember,
    generation: 0,
    current: token,
    previous: null,
    openedAt: at,
    rotatedAt: at,
    handedAt: at,
    idleAt: at + SECONDS.idle,
    absoluteAt: at + SECONDS.absolute,
    place,
    recoveries: 0,
    ended: null,
    isPurged: false,
  };
}

export function withSession(model: Model, name: string, changes: Partial<SessionModel>): Model {
  const session = model.sessions[name];
  if (session === undefined) return model;
  return { ...model, sessions: { ...model.sessions, [name]: { ...session, ...changes } } };
}

export function withUser(model: Model, name: string, changes: Partial<UserModel>): Model {
  return { ...model, users: { ...model.users, [name]: { ...model.users[name]!, ...changes } } };
}

/** Ends the session; an earlier reason is kept. */
export function withEnd(model: Model, name: string, reason: string): Model {
  const session = model.sessions[name];
  if (session === undefined || session.isPurged || session.ended !== null) return model;
  return withSession(model, name, { ended: reason });
}

export function withKnownRevocations(model: Model, instance: number, names: string[]): Model {
  const knownRevocations = new Set([...model.knownRevocations, ...names.map((name) => `${instance} ${name}`)]);
  return { ...model, knownRevocations: [...knownRevocations].sort() };
}

/** The session, or null if it does not exist or was purged. */
export function rowOf(model: Model, name: string): SessionModel | null {
  const session = model.sessions[name];
  return session === undefined || session.isPurged ? null : session;
}

export function sessionsOf(model: Model, user: string): [string, SessionModel][] {
  return Object.entries(model.sessions).filter(([, session]) => session.user === user && !session.isPurged);
}
