import { problem, type Finding, type Group } from "@/ops/doctor/finding";
import { valuesOf, type ReceivedResponse, type ProbeResult } from "./http-client";
import type { ProbeFacts } from "./examine-deployment";

const HIT_HEADERS = [
  "x-cache",
  "x-cache-status",
  "x-proxy-cache",
  "cf-cache-status",
  "x-nextjs-cache",
  "x-varnish-cache",
];

/** A page that a shared cache keeps is the next person's, with the name and the cookies of the one before. */
export function judgeCaching({ login, home }: ProbeFacts): Group {
  const findings = [...judgePair("/login", login), ...judgePair("/dashboard", home)];
  return {
    title: "Caching",
    healthy: "/login and /dashboard: private, no-store; nobody keeps them",
    findings: withoutRepetitions(findings),
  };
}

function judgePair(path: string, pair: [ProbeResult, ProbeResult]): Finding[] {
  const [first, second] = pair;
  if (first.kind === "failure" || second.kind === "failure") return [];
  const findings: Finding[] = [];
  const found = evidence(first, second);
  if (found !== null)
    findings.push(
      problem(
        "kept-by-a-cache",
        `Something in front of the app keeps ${path}: ${found}.`,
        "Switch caching off for everything but /_next/static, and purge it; then end all sessions that may have leaked",
      ),
    );
  const control = valuesOf(first, "cache-control");
  const words = control
    .join(",")
    .split(",")
    .map((word) => word.trim().toLowerCase());
  if (
    !words.includes("private") ||
    !words.includes("no-store") ||
    words.some((word) => /^(public|s-maxage)/.test(word))
  )
    findings.push(
      problem(
        "cacheable",
        `${path} says Cache-Control: ${control.join(" and ") || "nothing"}, not private, no-store.`,
        "Let the proxy neither set Cache-Control nor expires",
      ),
    );
  if (valuesOf(first, "set-cookie").length > 0)
    findings.push(
      problem(
        "strangers-cookie",
        `${path} sets a cookie for a stranger who came with none: ${nameOfCookie(first)}.`,
        "The app sets none there: it comes from the proxy, or from somebody else's answer that was kept",
      ),
    );
  return findings;
}

/** Each answer of the app's own has a request id of its own, so that two with one are one. */
function evidence(first: ReceivedResponse, second: ReceivedResponse): string | null {
  const [one, other] = [first, second].map((answer) => valuesOf(answer, "x-request-id")[0]);
  if (one !== undefined && one === other) return "two requests got one answer";
  for (const answer of [first, second]) {
    const age = valuesOf(answer, "age")[0];
    if (age !== undefined) return `Age: ${age}`;
    const hit = HIT_HEADERS.find((name) => valuesOf(answer, name).some((value) => /\bhit\b/i.test(value)));
    if (hit !== undefined) return `${hit}: ${valuesOf(answer, hit)[0]}`;
  }
  return null;
}

function nameOfCookie(answer: ReceivedResponse): string {
  return valuesOf(answer, "set-cookie")[0]?.split("=")[0] ?? "";
}

function withoutRepetitions(findings: Finding[]): Finding[] {
  return findings.filter(({ id }, at) => findings.findIndex((other) => other.id === id) === at);
}
