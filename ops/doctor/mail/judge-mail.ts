import type { MailCounts } from "@/db/tables/outgoing-mails";
import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import type { ConnectionResult, MailFacts, SenderRecords } from "./examine-mail";

/** `counts` is null if the database could not be read. */
export function judgeMail(facts: MailFacts, counts: MailCounts | null): Group {
  const title = "Mail";
  const queued = counts === null ? [] : judgeQueue(counts);
  if (facts.kind === "off")
    return { title, healthy: "", findings: [], skipped: "MAIL is off: a forgotten password cannot be reset" };
  if (facts.kind === "files")
    return { title, healthy: "written to .data/mail, shown at /dev/mailbox", findings: queued };
  const { server, domain, connection, dns } = facts;
  const address = `${server.host}:${server.port}`;
  const tls = { implicit: "TLS", starttls: "STARTTLS", none: "no TLS, on loopback" }[server.tls];
  const login = server.login === null ? "no login" : "login";
  return {
    title,
    healthy: `${address} accepts ${tls} and ${login}${dns === null ? "" : `; ${domain} has SPF and DMARC`}`,
    findings: [...judgeConnection(connection, address), ...(dns === null ? [] : judgeRecords(dns, domain)), ...queued],
  };
}

function judgeConnection(connection: ConnectionResult, address: string): Finding[] {
  if (connection.kind === "accepted") return [];
  const { code, message } = connection;
  switch (code) {
    case "ECONNREFUSED":
      return [
        unreachable(`Nothing listens at ${address}.`, "Correct host and port of SMTP_URL, or start the mail server"),
      ];
    case "EDNS":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return [
        unreachable(`The host name in ${address} cannot be resolved.`, "Correct the host of SMTP_URL, or fix DNS"),
      ];
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return [
        unreachable(
          `${address} timed out.`,
          "Allow the connection in the firewall; many networks block port 25, and 587 or 465 are for applications. With a wrong scheme neither side speaks first: smtps:// is for TLS from the first byte (465), smtp:// for STARTTLS (587)",
        ),
      ];
    case "EAUTH":
    case "ENOAUTH":
      return [
        problem("mail-login", `${address} refuses the login: ${message}.`, "Correct user and password in SMTP_URL"),
      ];
    case "ETLS":
      return [
        problem(
          "mail-tls",
          `${address} does not offer STARTTLS: ${message}.`,
          "Use smtps:// if the port is for TLS from the first byte, or enable STARTTLS at the server",
        ),
      ];
    default:
      if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|ERR_OSSL/.test(code))
        return [
          problem(
            "mail-tls",
            `TLS with ${address} failed: ${message} (${code}).`,
            "Give the server a valid certificate for that name, or set NODE_EXTRA_CA_CERTS to its authority",
          ),
        ];
      return [unreachable(`${address} cannot be used: ${message} (${code}).`, "See the log of the mail server")];
  }
}

function unreachable(says: string, todo: string): Finding {
  return problem("mail-unreachable", says, todo);
}

function judgeRecords({ spf, dmarc }: SenderRecords, domain: string): Finding[] {
  const missing = (id: string, name: string, what: string, todo: string) =>
    warning(id, `${name} has no ${what} record: many receivers refuse its mails or take them for spam.`, todo);
  return [
    ...(spf === null
      ? [
          missing(
            "spf-missing",
            domain,
            "SPF",
            `Add a TXT record to ${domain}, as "v=spf1 include:… -all" of your mail provider`,
          ),
        ]
      : []),
    ...(dmarc === null
      ? [
          missing(
            "dmarc-missing",
            `_dmarc.${domain}`,
            "DMARC",
            `Add a TXT record to _dmarc.${domain}, as "v=DMARC1; p=quarantine", once SPF and DKIM are correct`,
          ),
        ]
      : []),
  ];
}

function judgeQueue({ overdue, delayed, failed, commonError }: MailCounts): Finding[] {
  const reason = commonError === null ? "" : ` The most frequent error: ${commonError}.`;
  const findings: Finding[] = [];
  if (overdue > 0)
    findings.push(
      problem(
        "mails-overdue",
        `${counted(overdue, "mail")} should have been sent more than five minutes ago: no instance sends them.`,
        "Start the app with SMTP_URL and MAIL_FROM; its log has the reason if it does run",
      ),
    );
  if (delayed > 0)
    findings.push(
      warning(
        "mails-delayed",
        `${counted(delayed, "mail")} could not be sent yet, and will be tried again.${reason}`,
        "Look for mail-delayed in the log of the app, and at the log of the mail server",
      ),
    );
  if (failed > 0)
    findings.push(
      warning(
        "mails-failed",
        `${counted(failed, "mail")} of the last 30 days could not be sent and will not be tried again.${reason}`,
        "Where the cause is corrected, queue recent ones again: update outgoing_mails set failed_at = null, attempts = 0, next_attempt_at = utc_timestamp(3) where failed_at > utc_timestamp(3) - interval 1 day;",
      ),
    );
  return findings;
}
