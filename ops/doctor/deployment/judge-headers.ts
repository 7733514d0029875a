import { gunzipSync, brotliDecompressSync } from "node:zlib";
import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { securityHeaders } from "@/server/http/security-headers";
import { valuesOf, type ReceivedResponse, type ProbeResult } from "./http-client";
import type { DeploymentFacts, ProbeFacts } from "./examine-deployment";

const HSTS = "strict-transport-security";
const HSTS_SECONDS_AT_LEAST = 15_552_000;

/** Each header must arrive unchanged and once: browsers combine or ignore duplicates. */
export function judgeHeaders({ origin, live }: DeploymentFacts, { login, home }: ProbeFacts): Group {
  const { always, otherPolicy } = securityHeaders(origin.origin, false);
  const exact = always.map(([name, value]) => [name.toLowerCase(), value] as const);
  const answers = [live, login[0], home[0]].filter(isAnswer);
  const findings = [
    ...exact.flatMap(([name, value]) => judgeHeader(name, value, answers)),
    ...judgeHeader("content-security-policy", otherPolicy, [live].filter(isAnswer)),
    ...(isAnswer(login[0])
      ? judgePage(login[0])
      : [problem("no-login", "The login page does not respond.", "See the app's log")]),
    ...judgeSoftwareNames(answers),
  ];
  const healthy = `${exact.length + 1} security headers, each once and unchanged; no software names`;
  return { title: "Headers", healthy, findings };
}

function judgeHeader(name: string, wanted: string, answers: ReceivedResponse[]): Finding[] {
  const wrong = answers.map((answer) => valuesOf(answer, name)).find((values) => !isExpected(name, wanted, values));
  if (wrong === undefined) return [];
  const id = `header-${name}`;
  if (wrong.length === 0)
    return [problem(id, `${name} is missing.`, `Configure the proxy to hide no header (nginx: proxy_hide_header)`)];
  if (wrong.length > 1)
    return [
      problem(
        id,
        `${name} arrives ${wrong.length} times.`,
        `The app sends it: the proxy must not add it (nginx: add_header)`,
      ),
    ];
  return [
    problem(
      id,
      `${name} is “${truncate(wrong[0] ?? "")}” instead of “${truncate(wanted)}”.`,
      "The app sends it: the proxy must forward it unchanged",
    ),
  ];
}

/** A longer max-age of Strict-Transport-Security is accepted. */
function isExpected(name: string, wanted: string, values: string[]): boolean {
  if (values.length !== 1) return false;
  if (name !== HSTS) return values[0] === wanted;
  return Number(/max-age=(\d+)/.exec(values[0] ?? "")?.[1] ?? 0) >= HSTS_SECONDS_AT_LEAST;
}

/** The nonce of the policy must match the page, or its scripts do not run. */
function judgePage(login: ReceivedResponse): Finding[] {
  const html = decompress(login);
  if (html === null)
    return [
      problem(
        "compression-broken",
        "The login page has a Content-Encoding that does not match its body.",
        "Compress in the proxy or in the app, not in both",
      ),
    ];
  const policies = valuesOf(login, "content-security-policy");
  const nonce = /'nonce-([^']+)'/.exec(policies[0] ?? "")?.[1];
  if (policies.length === 1 && nonce !== undefined && html.includes(`nonce="${nonce}"`)) return [];
  return [
    problem(
      "page-policy",
      "The Content-Security-Policy of the login page does not match the page: its scripts do not run.",
      "Configure the proxy not to cache pages, and not to change or add Content-Security-Policy",
    ),
  ];
}

function judgeSoftwareNames(answers: ReceivedResponse[]): Finding[] {
  const values = (name: string) => new Set(answers.flatMap((answer) => valuesOf(answer, name)));
  const powered = [...values("x-powered-by")][0];
  const server = [...values("server")].find((value) => /\d/.test(value));
  return [
    ...(powered === undefined
      ? []
      : [
          warning(
            "leaks-powered-by",
            `X-Powered-By discloses ${powered}.`,
            "The app sends none: disable it in the proxy",
          ),
        ]),
    ...(server === undefined
      ? []
      : [
          warning(
            "leaks-server",
            `The Server header discloses a version: ${server}.`,
            "nginx: server_tokens off; Apache: ServerTokens Prod",
          ),
        ]),
  ];
}

function decompress(answer: ReceivedResponse): string | null {
  try {
    switch (valuesOf(answer, "content-encoding")[0]) {
      case "gzip":
        return gunzipSync(answer.body).toString();
      case "br":
        return brotliDecompressSync(answer.body).toString();
      default:
        return answer.body.toString();
    }
  } catch {
    return null;
  }
}

function isAnswer(reply: ProbeResult): reply is ReceivedResponse {
  return reply.kind === "response";
}

function truncate(value: string): string {
  return value.length > 40 ? `${value.slice(0, 39)}…` : value;
}
