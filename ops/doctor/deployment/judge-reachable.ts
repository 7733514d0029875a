import { isPublic } from "@/ops/doctor/configuration/judge-configuration";
import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { valuesOf, type ReceivedResponse, type FailedRequest } from "./http-client";
import type { DeploymentFacts } from "./examine-deployment";

/** What this machine's own port said, when the deployment was looked for elsewhere. */
export type LocalAppFacts = { port: number; state: "live" | "other" | "silent" } | null;

export function judgeReachable({ origin, live, probes, requestId }: DeploymentFacts, near: LocalAppFacts): Group {
  const findings: Finding[] = [];
  if (live.kind === "failure") findings.push(judgeNoResponse(live, origin, near));
  else if (live.status !== 200) findings.push(judgeWrongResponse(live, origin, near));
  else if (!valuesOf(live, "x-request-id").includes(requestId))
    findings.push(
      problem(
        "request-id-lost",
        "The request id that was sent does not come back: no line of the log can be found by it.",
        "Let the proxy pass X-Request-Id on, in both directions",
      ),
    );
  if (probes !== null) findings.push(...judgeReadiness(probes.ready));
  return { title: "App", healthy: `live and ready at ${origin.origin}`, findings };
}

function judgeReadiness(ready: ReceivedResponse | FailedRequest): Finding[] {
  if (ready.kind === "answer" && ready.status === 200) return [];
  const said = ready.kind === "answer" ? `answers ${ready.status}` : `does not answer (${ready.code})`;
  return [
    problem(
      "not-ready",
      `The app is live but not ready: /api/health/ready ${said}.`,
      "The database is out of the app's reach, or not migrated: see Database above, or the app's log",
    ),
  ];
}

function judgeNoResponse({ code }: FailedRequest, origin: URL, near: LocalAppFacts): Finding {
  if (near?.state === "live" && !isPublic(origin.origin))
    return warning(
      "unreachable-from-here",
      `${origin.origin} cannot be looked at from here, and the app is live on port ${near.port}: in a container, its own name is not the proxy's.`,
      `Ask once more from outside: npm run doctor -- --url ${origin.origin}`,
    );
  const says = (what: string) => `${origin.origin} ${what}.`;
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return problem("unreachable", says("has a name that nobody knows"), "Mend its DNS record, or correct APP_ORIGIN");
    case "ECONNREFUSED":
      return problem("unreachable", says("is not listened at"), startAdvice(near));
    case "EPROTO":
      return problem(
        "unreachable",
        says("does not speak TLS"),
        "Is it http? Does the proxy have a certificate for this name?",
      );
    default:
      return problem("unreachable", says(`does not answer (${code})`), startAdvice(near));
  }
}

function judgeWrongResponse({ status }: ReceivedResponse, origin: URL, near: LocalAppFacts): Finding {
  const says = `${origin.origin} answers ${status} where the app answers 200.`;
  if (status === 429)
    return problem("unreachable", says, "This machine has asked too much: wait a minute and ask again");
  if (status >= 502 && status <= 504)
    return problem("unreachable", `${says} The proxy is up; what it leads to is not.`, startAdvice(near));
  return problem(
    "unreachable",
    says,
    "Something else answers at that address: correct the proxy's route, or APP_ORIGIN",
  );
}

function startAdvice(near: LocalAppFacts): string {
  if (near?.state === "live")
    return `The app itself answers on port ${near.port} here: look at the proxy, its route and the firewall`;
  if (near?.state === "silent")
    return `Nothing answers on port ${near.port} here either: start the app (npm start, docker compose up -d) and read its log`;
  return "Start the app (npm start, docker compose up -d), and read its log";
}
