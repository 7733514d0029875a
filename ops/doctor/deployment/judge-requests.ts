import { HOME, LOGIN } from "@/server/auth/policy/routes";
import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { valuesOf, type ReceivedResponse, type ProbeResult } from "./http-client";
import { FOREIGN_HOST, TRACE_MARKER, type DeploymentFacts, type ProbeFacts } from "./examine-deployment";

/** Requests that an attacker might try. */
export function judgeRequests({ origin }: DeploymentFacts, probes: ProbeFacts): Group {
  const findings = [
    ...judgePrivatePage("private-page", "A private page", probes.home[0], origin),
    ...judgePrivatePage(
      "past-middleware",
      "A private page requested with x-middleware-subrequest",
      probes.middlewareBypass,
      origin,
    ),
    ...judgeReflection("X-Forwarded-Host", probes.forwardedHost),
    ...judgeReflection("Host", probes.foreignHost),
    ...judgeMethod("PUT", probes.put),
    ...judgeMethod("TRACE", probes.trace),
    ...judgeLargeBody(probes.largeBody),
    ...judgePlainHttp(probes.plainHttp, origin),
  ];
  const plain = probes.plainHttp === null ? "" : "; http redirects to https";
  return {
    title: "Requests",
    healthy: `private pages redirect to /login; large bodies and unusual methods are refused${plain}`,
    findings,
  };
}

function judgePrivatePage(id: string, what: string, reply: ProbeResult, origin: URL): Finding[] {
  if (reply.kind === "failure") return [problem(id, `${what} does not respond (${reply.code}).`, "See the app's log")];
  const target = URL.parse(valuesOf(reply, "location")[0] ?? "", origin.origin + HOME);
  const isRedirect = reply.status >= 300 && reply.status < 400;
  if (isRedirect && target?.origin === origin.origin && target.pathname === LOGIN) return [];
  const outcome = isRedirect ? `redirects to ${target?.origin}${target?.pathname}` : `returns ${reply.status}`;
  return [
    problem(
      id,
      `${what} ${outcome} instead of redirecting to ${origin.origin}${LOGIN}.`,
      isRedirect
        ? "Set APP_ORIGIN to this address; disable Location rewriting in the proxy"
        : "Another server responds, or a cache stores the page: check the proxy's routes and its cache",
    ),
  ];
}

function judgeReflection(header: string, reply: ProbeResult): Finding[] {
  if (reply.kind === "failure" || !contentOf(reply).includes(FOREIGN_HOST)) return [];
  return [
    problem(
      "host-reflected",
      `A forged ${header} is reflected in the response: an attacker can control links in it.`,
      "The app uses only APP_ORIGIN, so this response comes from the proxy: configure it to serve its own names only",
    ),
  ];
}

function judgeMethod(method: string, reply: ProbeResult): Finding[] {
  if (reply.kind === "failure" || (reply.status >= 400 && !reply.body.includes(TRACE_MARKER))) return [];
  return [
    problem(
      "method-taken",
      `${method} returns ${reply.status}.`,
      "The app refuses it, so this response comes from the proxy: configure it to forward only GET, HEAD and POST",
    ),
  ];
}

function judgeLargeBody(reply: ProbeResult): Finding[] {
  // Closing the connection is a refusal too.
  if (reply.kind === "failure" || reply.status === 413) return [];
  return [
    warning(
      "large-body",
      `A body of more than 64 kB returns ${reply.status} instead of 413.`,
      "Configure the proxy to forward large bodies, or to refuse them itself (nginx: client_max_body_size 64k)",
    ),
  ];
}

function judgePlainHttp(reply: ProbeResult | null, origin: URL): Finding[] {
  // A closed port is as safe as a redirect.
  if (reply === null || reply.kind === "failure") return [];
  const target = URL.parse(valuesOf(reply, "location")[0] ?? "", `http://${origin.host}`);
  if (reply.status >= 300 && reply.status < 400 && target?.origin === origin.origin) return [];
  return [
    problem(
      "http-answers",
      `http://${origin.host} returns ${reply.status} instead of redirecting to https: a first visit can be intercepted.`,
      `Configure the proxy to redirect every http request with 308 to ${origin.origin}`,
    ),
  ];
}

function contentOf({ headers, body }: ReceivedResponse): string {
  return `${headers.map(([, value]) => value).join("\n")}\n${body.toString()}`;
}
