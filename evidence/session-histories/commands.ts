import type { Crash } from "./interruptions";

/** Whose token, counted over the sessions that there are, and the how-manieth newest of it. */
export interface TokenWish {
  whose: number;
  which: number | "made up" | "forged";
}

/** What happens next, before it is known to whom: so that a history keeps its meaning when parts of it are taken out. */
export type Intent = { instance: number; away: number; crash: Crash | null } & (
  | { wish: "refresh"; token: TokenWish }
  | { wish: "login"; user: number; isPasswordOld: boolean; remember: boolean; presented: TokenWish | null }
  | { wish: "logout"; presented: TokenWish | null; caller: number | null }
  | { wish: "log out everywhere" | "log others out" | "visit"; caller: number }
  | { wish: "revoke"; caller: number; target: number }
  | { wish: "change password"; caller: number; isPasswordOld: boolean }
  | { wish: "read the feed" }
  | { wish: "purge"; olderThan: number }
  | { wish: "disable" | "enable" | "change role"; user: number }
  | { wish: "wait"; seconds: number }
  /** Which token is meant is asked anew each time. */
  | { wish: "go on refreshing"; token: TokenWish; every: number; times: number }
);

export function describeIntent({ instance, away, crash, ...what }: Intent): string {
  const words = Object.entries(what).map(([name, value]) =>
    name === "wish" ? value : `${name}=${JSON.stringify(value)}`,
  );
  const died = crash ? ` and die ${crash.when} statement ${crash.statement}` : "";
  return `${words.join(" ")} @${instance}${away ? ` away=${away}` : ""}${died}`;
}
