import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import type { DeploymentFacts } from "./examine-deployment";
import type { TlsFacts } from "./examine-tls";

const DAY = 86_400_000;
/** Automatic renewal happens about 30 days before expiry, or a few days for short-lived certificates. */
const DAYS_UNTIL_WARNING = 14;
const DAYS_UNTIL_PROBLEM = 3;

export function judgeTls({ tls, origin }: DeploymentFacts, now: Date, isPublic: boolean): Group {
  if (tls === null) return { title: "TLS", healthy: "", findings: [], skipped: `none on ${origin.origin}` };
  const until = Number.isFinite(tls.validTo) ? new Date(tls.validTo).toISOString().slice(0, 10) : "?";
  const findings = [...judgeCertificate(tls, now, isPublic), ...judgeProtocol(tls)];
  return { title: "TLS", healthy: `${tls.protocol}; certificate until ${until}`, findings };
}

function judgeCertificate({ certificateError, validTo }: TlsFacts, now: Date, isPublic: boolean): Finding[] {
  const days = Math.floor((validTo - now.getTime()) / DAY);
  const renew = "Renew it now, then find out why automatic renewal failed (port 80, clock, ACME account)";
  if (days < 0)
    return [
      problem(
        "certificate-ended",
        `The certificate expired ${counted(-days, "day")} ago: browsers refuse the site.`,
        renew,
      ),
    ];
  const findings: Finding[] = [];
  if (certificateError !== null) {
    const judge = isPublic ? problem : warning;
    findings.push(
      judge(
        "certificate-mistrusted",
        `The certificate is not trusted: ${certificateError}.`,
        "Serve the full certificate chain for this name, issued by a public authority",
      ),
    );
  }
  if (days < DAYS_UNTIL_PROBLEM)
    findings.push(problem("certificate-ends", `The certificate expires in ${counted(days, "day")}.`, renew));
  else if (days < DAYS_UNTIL_WARNING)
    findings.push(warning("certificate-ends", `The certificate expires in ${counted(days, "day")}.`, renew));
  return findings;
}

function judgeProtocol({ protocol, acceptsOldVersions }: TlsFacts): Finding[] {
  const findings: Finding[] = [];
  if (!["TLSv1.2", "TLSv1.3"].includes(protocol))
    findings.push(
      problem(
        "tls-old",
        `The proxy uses ${protocol || "an unknown protocol"}.`,
        "Enable TLS 1.3, and 1.2 for old clients (RFC 9325)",
      ),
    );
  else if (acceptsOldVersions)
    findings.push(
      warning(
        "tls-old-taken",
        "The proxy still accepts TLS 1.1 or 1.0, which are deprecated (RFC 8996).",
        "nginx: ssl_protocols TLSv1.2 TLSv1.3;",
      ),
    );
  return findings;
}
