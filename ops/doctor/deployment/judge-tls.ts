import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import type { DeploymentFacts } from "./examine-deployment";
import type { TlsFacts } from "./examine-tls";

const DAY = 86_400_000;
/** Certificates that renew themselves do so a month before their end, or a week if they last for a few only. */
const DAYS_TO_WORRY = 14;
const DAYS_TO_ACT = 3;

export function judgeTls({ tls, origin }: DeploymentFacts, now: Date, isPublic: boolean): Group {
  if (tls === null) return { title: "TLS", healthy: "", findings: [], skipped: `none on ${origin.origin}` };
  const until = Number.isFinite(tls.validTo) ? new Date(tls.validTo).toISOString().slice(0, 10) : "?";
  const findings = [...judgeCertificate(tls, now, isPublic), ...judgeProtocol(tls)];
  return { title: "TLS", healthy: `${tls.protocol}; certificate until ${until}`, findings };
}

function judgeCertificate({ certificateError, validTo }: TlsFacts, now: Date, isPublic: boolean): Finding[] {
  const days = Math.floor((validTo - now.getTime()) / DAY);
  const renew =
    "Renew it now; then find out why it did not renew itself (port 80 reachable? clock right? account known?)";
  if (days < 0)
    return [
      problem(
        "certificate-ended",
        `The certificate ended ${counted(-days, "day")} ago: browsers refuse the site.`,
        renew,
      ),
    ];
  const findings: Finding[] = [];
  if (certificateError !== null) {
    const judge = isPublic ? problem : warning;
    findings.push(
      judge(
        "certificate-mistrusted",
        `Browsers that know no more than we do mistrust the certificate: ${certificateError}.`,
        "Serve the whole chain, for this name, from an authority that browsers know",
      ),
    );
  }
  if (days < DAYS_TO_ACT)
    findings.push(problem("certificate-ends", `The certificate ends in ${counted(days, "day")}.`, renew));
  else if (days < DAYS_TO_WORRY)
    findings.push(warning("certificate-ends", `The certificate ends in ${counted(days, "day")}.`, renew));
  return findings;
}

function judgeProtocol({ protocol, acceptsOldVersions }: TlsFacts): Finding[] {
  const findings: Finding[] = [];
  if (!["TLSv1.2", "TLSv1.3"].includes(protocol))
    findings.push(
      problem(
        "tls-old",
        `The proxy speaks ${protocol || "an unknown protocol"}.`,
        "Let it speak TLS 1.3, and 1.2 for old clients (RFC 9325)",
      ),
    );
  else if (acceptsOldVersions)
    findings.push(
      warning(
        "tls-old-taken",
        "The proxy still takes TLS 1.1 or 1.0, which nobody should speak (RFC 8996).",
        "nginx: ssl_protocols TLSv1.2 TLSv1.3;",
      ),
    );
  return findings;
}
