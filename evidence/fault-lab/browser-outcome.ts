import type { HttpResponse, HttpOutcome } from "@/evidence/http-client";

export type BrowserOutcome =
  | { kind: "fine" | "signed out" | "unavailable" | "refused"; response: HttpResponse }
  | { kind: "lost"; why: string; milliseconds: number };

/** Status, reason and redirect target of a response. */
export function describeResponse(response: HttpResponse): string {
  const reason = /"reason":"(\w+)"/.exec(response.body)?.[1];
  const to = response.location === null ? "" : ` to ${pathOf(response.location).replace(/([?&]next=)[^&]*/, "$1…")}`;
  return `${response.status}${reason === undefined ? "" : ` ${reason}`}${to}`;
}

/** What an outcome means for a browser that sent its session cookies. */
export function classifyOutcome(outcome: HttpOutcome, origin: string): BrowserOutcome {
  if (outcome.kind === "lost") return outcome;
  const { status, location } = outcome;
  const target = location === null ? null : new URL(location, origin).pathname;
  if (status === 401 || target === "/login") return { kind: "signed out", response: outcome };
  if (status === 429 || status >= 500 || target === "/maintenance") return { kind: "unavailable", response: outcome };
  return { kind: status >= 400 ? "refused" : "fine", response: outcome };
}

export function pathOf(location: string): string {
  const { pathname, search } = new URL(location, "http://localhost");
  return pathname + search;
}

export function describeOutcome(outcome: BrowserOutcome): string {
  return outcome.kind === "lost" ? `lost (${outcome.why})` : describeResponse(outcome.response);
}

export function millisecondsOf(outcome: BrowserOutcome): number {
  return outcome.kind === "lost" ? outcome.milliseconds : outcome.response.milliseconds;
}
