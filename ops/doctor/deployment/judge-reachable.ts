import { isPublic } from "@/ops/doctor/configuration/judge-configuration";
import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { valuesOf, type ReceivedResponse, type FailedRequest } from "./http-client";
import type { DeploymentFacts } from "./examine-deployment";

/** State of the local port; null if the origin is that port. */
export type LocalAppFacts = { port: number; state: "live" | "other" | "unreachable" } | null;

export function judgeReachable({ origin, live, probes, requestId }: DeploymentFacts, local: LocalAppFacts): Group {
  const findings: Finding[] = [];
  if (live.kind === "failure") findings.push(judgeNoResponse(live, origin, local));
  else if (live.status !== 200) findings.push(judgeWrongResponse(live, origin, local));
  else if (!valuesOf(live, "x-request-id").includes(requestId))
    findings.push(
      problem(
        "request-id-lost",
        "The X-Request-Id of the request is missing from the response: log lines cannot be found by it.",
        "Configure the proxy to forward X-Request-Id in both directions",
      ),
    );
  if (probes !== null) findings.push(...judgeReadiness(probes.ready));
  return { title: "App", healthy: `live and ready at ${origin.origin}`, findings };
}

function judgeReadiness(ready: ReceivedResponse | FailedRequest): Finding[] {
  if (ready.kind === "response" && ready.status === 200) return [];
  const said = ready.kind === "response" ? `returns ${ready.status}` : `does not respond (${ready.code})`;
  return [
    problem(
      "not-ready",
      `The app is live but not ready: /api/health/ready ${said}.`,
      "The database is unreachable or not migrated: see Database above, or the app's log",
    ),
  ];
}

function judgeNoResponse({ code }: FailedRequest, origin: URL, local: LocalAppFacts): Finding {
  if (local?.state === "live" && !isPublic(origin.origin))
    return warning(
      "unreachable-from-here",
      `${origin.origin} is unreachable from here, but the app is live on port ${local.port}: in a container, localhost is not the proxy.`,
      `Run the doctor outside the container: npm run doctor -- --url ${origin.origin}`,
    );
  const says = (what: string) => `${origin.origin} ${what}.`;
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return problem(
        "unreachable",
        says("has a host name that cannot be resolved"),
        "Fix its DNS record, or correct APP_ORIGIN",
      );
    case "ECONNREFUSED":
      return problem("unreachable", says("refuses connections"), startAdvice(local));
    case "EPROTO":
      return problem(
        "unreachable",
        says("does not support TLS"),
        "Check whether it is http, and whether the proxy has a certificate for this name",
      );
    default:
      return problem("unreachable", says(`does not respond (${code})`), startAdvice(local));
  }
}

function judgeWrongResponse({ status }: ReceivedResponse, origin: URL, local: LocalAppFacts): Finding {
  const says = `${origin.origin} returns ${status} instead of 200.`;
  if (status === 429)
    return problem("unreachable", says, "This machine exceeded the rate limit: try again in a minute");
  if (status >= 502 && status <= 504)
    return problem("unreachable", `${says} The proxy is running, but its upstream is not.`, startAdvice(local));
  return problem(
    "unreachable",
    says,
    "Another server responds at that address: correct the proxy's route, or APP_ORIGIN",
  );
}

function startAdvice(local: LocalAppFacts): string {
  if (local?.state === "live")
    return `The app responds on port ${local.port} of this machine: check the proxy, its route and the firewall`;
  if (local?.state === "unreachable")
    return `Nothing responds on port ${local.port} of this machine either: start the app (npm start, docker compose up -d) and read its log`;
  return "Start the app (npm start, docker compose up -d), and read its log";
}
