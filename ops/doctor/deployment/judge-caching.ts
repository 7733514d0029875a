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

/** A shared cache would serve one user's page and cookies to the next. */
export function judgeCaching({ login, home }: ProbeFacts): Group {
  const findings = [...judgePair("/login", login), ...judgePair("/dashboard", home)];
  return {
    title: "Caching",
    healthy: "/login and /dashboard: private, no-store; not cached",
    findings: withoutRepetitions(findings),
  };
}

function judgePair(path: string, pair: [ProbeResult, ProbeResult]): Finding[] {
  const [first, second] = pair;
  if (first.kind === "failure" || second.kind === "failure") return [];
  const findings: Finding[] = [];
  const found = cacheIndicator(first, second);
  if (found !== null)
    findings.push(
      problem(
        "kept-by-a-cache",
        `A cache in front of the app stores ${path}: ${found}.`,
        "Disable caching except for /_next/static, purge the cache, and end all sessions that may have leaked",
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
        `${path} has Cache-Control: ${control.join(" and ") || "nothing"} instead of private, no-store.`,
        "Configure the proxy to set neither Cache-Control nor Expires",
      ),
    );
  if (valuesOf(first, "set-cookie").length > 0)
    findings.push(
      problem(
        "strangers-cookie",
        `${path} sets a cookie on a request without cookies: ${nameOfCookie(first)}.`,
        "The app sets none there: it comes from the proxy, or from a cached response of another user",
      ),
    );
  return findings;
}

/** Each response of the app has its own request id: two responses with the same id come from a cache. */
function cacheIndicator(first: ReceivedResponse, second: ReceivedResponse): string | null {
  const [one, other] = [first, second].map((answer) => valuesOf(answer, "x-request-id")[0]);
  if (one !== undefined && one === other) return "two responses have the same request id";
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
