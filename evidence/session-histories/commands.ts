import type { Crash } from "./interruptions";

/** Whose token, counted over the sessions that there are, and the how-manieth newest of it. */
export interface TokenSelector {
  sessionIndex: number;
  nth: number | "unissued" | "forged";
}

/** What happens next, before it is known to whom: so that a history keeps its meaning when parts of it are taken out. */
export type Command = { instance: number; placeOffset: number; crash: Crash | null } & (
  | { kind: "refresh"; token: TokenSelector }
  | { kind: "login"; user: number; isPasswordOld: boolean; remember: boolean; presented: TokenSelector | null }
  | { kind: "logout"; presented: TokenSelector | null; caller: number | null }
  | { kind: "log out everywhere" | "log others out" | "authenticate"; caller: number }
  | { kind: "revoke"; caller: number; target: number }
  | { kind: "change password"; caller: number; isPasswordOld: boolean }
  | { kind: "read the feed" }
  | { kind: "purge"; olderThan: number }
  | { kind: "disable" | "enable" | "change role"; user: number }
  | { kind: "wait"; seconds: number }
  /** Which token is meant is asked anew each time. */
  | { kind: "refresh repeatedly"; token: TokenSelector; every: number; times: number }
);

export function describeCommand({ instance, placeOffset, crash, ...what }: Command): string {
  const words = Object.entries(what).map(([name, value]) =>
    name === "kind" ? value : `${name}=${JSON.stringify(value)}`,
  );
  const died = crash ? ` and die ${crash.when} statement ${crash.statement}` : "";
  return `${words.join(" ")} @${instance}${placeOffset ? ` away=${placeOffset}` : ""}${died}`;
}
