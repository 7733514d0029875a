import { HOME, LOGIN } from "@/server/auth/policy/routes";
import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { valuesOf, type ReceivedResponse, type ProbeResult } from "./http-client";
import { FOREIGN_HOST, TRACE_MARKER, type DeploymentFacts, type ProbeFacts } from "./examine-deployment";

/** What a stranger might try on the way in. */
export function judgeRequests({ origin }: DeploymentFacts, probes: ProbeFacts): Group {
  const findings = [
    ...judgePrivatePage("private-page", "A private page", probes.home[0], origin),
    ...judgePrivatePage(
      "past-middleware",
      "A private page, asked for with x-middleware-subrequest,",
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
  const plain = probes.plainHttp === null ? "" : "; http leads to https";
  return {
    title: "Requests",
    healthy: `strangers go to /login; large bodies and odd methods are refused${plain}`,
    findings,
  };
}

function judgePrivatePage(id: string, what: string, reply: ProbeResult, origin: URL): Finding[] {
  if (reply.kind === "failure")
    return [problem(id, `${what} does not answer (${reply.code}).`, "The app's log says why")];
  const target = URL.parse(valuesOf(reply, "location")[0] ?? "", origin.origin + HOME);
  const isRedirect = reply.status >= 300 && reply.status < 400;
  if (isRedirect && target?.origin === origin.origin && target.pathname === LOGIN) return [];
  const said = isRedirect ? `leads to ${target?.origin}${target?.pathname}` : `answers ${reply.status}`;
  return [
    problem(
      id,
      `${what} ${said} instead of leading a stranger to ${origin.origin}${LOGIN}.`,
      isRedirect
        ? "Set APP_ORIGIN to this address; let the proxy rewrite no Location"
        : "Something else answers for the app, or keeps its pages: look at the proxy's routes and its cache",
    ),
  ];
}

function judgeReflection(header: string, reply: ProbeResult): Finding[] {
  if (reply.kind === "failure" || !contentOf(reply).includes(FOREIGN_HOST)) return [];
  return [
    problem(
      "host-reflected",
      `A ${header} that a stranger sends comes back in the answer: links in it lead wherever the stranger wants.`,
      "The app builds addresses from APP_ORIGIN alone: the proxy answers here; let it answer for its own names only",
    ),
  ];
}

function judgeMethod(method: string, reply: ProbeResult): Finding[] {
  if (reply.kind === "failure" || (reply.status >= 400 && !reply.body.includes(TRACE_MARKER))) return [];
  return [
    problem(
      "method-taken",
      `${method} is answered ${reply.status}.`,
      "The app refuses it: the proxy answers in its place; let it pass GET, HEAD and POST only",
    ),
  ];
}

function judgeLargeBody(reply: ProbeResult): Finding[] {
  // Whoever hangs up on so much has refused it, too.
  if (reply.kind === "failure" || reply.status === 413) return [];
  return [
    warning(
      "large-body",
      `A body of more than 64 kB is answered ${reply.status} instead of 413.`,
      "Let the proxy pass bodies on as they come, or refuse them itself (nginx: client_max_body_size 64k)",
    ),
  ];
}

function judgePlainHttp(reply: ProbeResult | null, origin: URL): Finding[] {
  // Nobody there is as good as a redirect.
  if (reply === null || reply.kind === "failure") return [];
  const target = URL.parse(valuesOf(reply, "location")[0] ?? "", `http://${origin.host}`);
  if (reply.status >= 300 && reply.status < 400 && target?.origin === origin.origin) return [];
  return [
    problem(
      "http-answers",
      `http://${origin.host} answers ${reply.status} instead of leading to https: a first visit can be listened to and altered.`,
      `Let the proxy answer every http request with 308 to ${origin.origin}`,
    ),
  ];
}

function contentOf({ headers, body }: ReceivedResponse): string {
  return `${headers.map(([, value]) => value).join("\n")}\n${body.toString()}`;
}
