import type { Answer, Outcome } from "@/evidence/http-client";

export type Reply =
  | { kind: "fine" | "signed out" | "unavailable" | "refused"; answer: Answer }
  | { kind: "lost"; why: string; milliseconds: number };

/** Status, reason and target of an answer. */
export function describe(answer: Answer): string {
  const reason = /"reason":"(\w+)"/.exec(answer.text)?.[1];
  const to = answer.location === null ? "" : ` to ${pathOf(answer.location).replace(/([?&]next=)[^&]*/, "$1…")}`;
  return `${answer.status}${reason === undefined ? "" : ` ${reason}`}${to}`;
}

/** What an answer means to somebody who wanted to be let in. */
export function judge(outcome: Outcome, origin: string): Reply {
  if (outcome.kind === "lost") return outcome;
  const { status, location } = outcome;
  const target = location === null ? null : new URL(location, origin).pathname;
  if (status === 401 || target === "/login") return { kind: "signed out", answer: outcome };
  if (status === 429 || status >= 500 || target === "/maintenance") return { kind: "unavailable", answer: outcome };
  return { kind: status >= 400 ? "refused" : "fine", answer: outcome };
}

export function pathOf(location: string): string {
  const { pathname, search } = new URL(location, "http://localhost");
  return pathname + search;
}

export function say(reply: Reply): string {
  return reply.kind === "lost" ? `lost (${reply.why})` : describe(reply.answer);
}

export function millisecondsOf(reply: Reply): number {
  return reply.kind === "lost" ? reply.milliseconds : reply.answer.milliseconds;
}
