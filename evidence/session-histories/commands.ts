import type { Crash } from "./interruptions";

/** A token by the index of its session and its age rank: 0 is the newest. Indexes wrap around the sessions that exist. */
export interface TokenSelector {
  sessionIndex: number;
  nth: number | "unissued" | "forged";
}

/** A generated command. It refers to sessions and tokens by index, so that a shrunk history is still valid. */
export type Command = { instance: number; placeOffset: number; crash: Crash | null } & (
  | { kind: "refresh"; token: TokenSelector }
  | { kind: "login"; user: number; isPasswordOld: boolean; remember: boolean; presented: TokenSelector | null }
  | { kind: "logout"; presented: TokenSelector | null; caller: number | null }
  | { kind: "log out everywhere" | "log others out" | "authenticate"; caller: number }
  | { kind: "revoke"; caller: number; target: number }
  | { kind: "change password"; caller: number; isPasswordOld: boolean }
  | { kind: "request reset" | "send notice"; user: number }
  | { kind: "request address change"; caller: number }
  /** `nth`: 0 is the link that was sent last. */
  | { kind: "confirm"; nth: number }
  | { kind: "read the feed" }
  | { kind: "purge"; olderThan: number }
  | { kind: "disable" | "enable" | "change role"; user: number }
  | { kind: "wait"; seconds: number }
  /** The token is resolved again for each refresh. */
  | { kind: "refresh repeatedly"; token: TokenSelector; every: number; times: number }
);

export function describeCommand({ instance, placeOffset, crash, ...what }: Command): string {
  const words = Object.entries(what).map(([name, value]) =>
    name === "kind" ? value : `${name}=${JSON.stringify(value)}`,
  );
  const crashes = crash ? ` crash=${crash.when} statement ${crash.statement}` : "";
  return `${words.join(" ")} @${instance}${placeOffset ? ` placeOffset=${placeOffset}` : ""}${crashes}`;
}
