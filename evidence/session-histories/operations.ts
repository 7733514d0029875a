import type { LinkModel, Place } from "./model";

/** A refresh token with the claims that the model needs. */
export interface RefreshFacts {
  name: string;
  session: string;
  issuedAt: number;
  expiresAt: number;
  text: string;
  /** Its signature is invalid. */
  isForged?: boolean;
}

export interface AccessFacts {
  session: string;
  place: Place;
  expiresAt: number;
  text: string;
}

/** A link with the facts that distinguish it in the model. */
export interface LinkFacts extends Pick<LinkModel, "user" | "purpose" | "email" | "openedAt"> {
  name: string;
  id: string;
  token: string;
  code: string;
}

type Caller = { access: AccessFacts; place: Place };

/** A resolved command: one request to one instance, with every input of its outcome. */
export type Operation = { instance: number; at: number } & (
  | { kind: "refresh"; token: RefreshFacts; place: Place }
  | {
      kind: "login";
      user: string;
      email: string;
      password: number;
      remember: boolean;
      presented: RefreshFacts | null;
      place: Place;
    }
  | { kind: "logout"; presented: RefreshFacts | null; access: AccessFacts | null; place: Place }
  | ({ kind: "log out everywhere" } & Caller)
  | ({ kind: "log others out" } & Caller)
  | ({ kind: "revoke"; target: string } & Caller)
  | ({ kind: "change password"; from: number; to: number } & Caller)
  | { kind: "request reset"; email: string }
  | ({ kind: "request address change"; email: string } & Caller)
  | { kind: "send notice"; user: string; email: string }
  /** `password` is for a link that needs one. */
  | { kind: "confirm"; link: LinkFacts | null; password: number }
  | ({ kind: "authenticate" } & Caller)
  | { kind: "read the feed" }
  | { kind: "purge"; olderThan: number; hasNoConcurrency: boolean }
  | { kind: "disable" | "enable"; user: string }
  | { kind: "change role"; user: string; role: string }
);

export interface IssuedFacts {
  session: string;
  role: string;
  accessExpiresAt: number;
  /** The refresh token in the response, if any, and the Max-Age of its cookie. */
  token: string | null;
  cookieSeconds: number | null;
}

export type Outcome =
  | ({ kind: "refreshed"; verdict: string } & IssuedFacts)
  | ({ kind: "signed in" } & IssuedFacts)
  | { kind: "ended"; reason: string }
  | { kind: "unreadable" }
  | { kind: "done"; count?: number }
  | { kind: "refused"; reason: string }
  | { kind: "accepted" }
  | { kind: "rejected" };

export function describeOperation(operation: Operation): string {
  const { instance, at, ...what } = operation;
  const words = Object.entries(what).map(([name, value]) => (name === "kind" ? value : `${name} ${format(value)}`));
  return `at ${at}s on instance ${instance}: ${words.join(", ")}`;
}

export function describeOutcome(outcome: Outcome): string {
  const { kind, ...rest } = outcome;
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${format(value)}`);
  return [kind, ...facts].join(", ");
}

function format(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const { name, session, place } = value as { name?: string; session?: string; place?: string };
  return name ?? `${session}'s from ${place}`;
}
