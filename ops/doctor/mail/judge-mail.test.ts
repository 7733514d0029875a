import { expect, test } from "vitest";
import type { MailCounts } from "@/db/tables/outgoing-mails";
import { idsOf } from "@/ops/doctor/testing";
import type { ConnectionResult, MailFacts } from "./examine-mail";
import { judgeMail } from "./judge-mail";

const NONE: MailCounts = { overdue: 0, delayed: 0, failed: 0, commonError: null };
const SMTP: MailFacts = {
  kind: "smtp",
  server: { host: "mail.example.com", port: 465, tls: "implicit", login: null },
  domain: "example.com",
  connection: { kind: "accepted" },
  dns: { spf: "v=spf1 -all", dmarc: "v=DMARC1; p=reject" },
};
const failed = (code: string): ConnectionResult => ({ kind: "failed", code, message: "text" });

test.each<[code: string, id: string]>([
  ["ECONNREFUSED", "mail-unreachable"],
  ["EDNS", "mail-unreachable"],
  ["ETIMEDOUT", "mail-unreachable"],
  ["ECONNRESET", "mail-unreachable"],
  ["EAUTH", "mail-login"],
  ["ETLS", "mail-tls"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "mail-tls"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "mail-tls"],
  ["CERT_HAS_EXPIRED", "mail-tls"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "mail-tls"],
])("mail: a connection that fails with %s is %s", (code, id) => {
  expect(idsOf(judgeMail({ ...SMTP, connection: failed(code) }, NONE))).toEqual([`✗ ${id}`]);
});

test.each<[counts: Partial<MailCounts>, ids: string[]]>([
  [{}, []],
  [{ overdue: 1 }, ["✗ mails-overdue"]],
  [{ delayed: 3 }, ["! mails-delayed"]],
  [{ failed: 2 }, ["! mails-failed"]],
])("mail: outgoing mails %j: %j", (counts, ids) => {
  expect(idsOf(judgeMail(SMTP, { ...NONE, ...counts }))).toEqual(ids);
});

test("mail: delayed and failed mails are reported with the most frequent error and, for failed ones, the statement that queues them again", () => {
  const { findings } = judgeMail(SMTP, { overdue: 0, delayed: 1, failed: 2, commonError: "EAUTH 535" });
  expect(findings.map(({ says }) => says)).toEqual([
    "1 mail could not be sent yet, and will be tried again. The most frequent error: EAUTH 535.",
    "2 mails of the last 30 days could not be sent and will not be tried again. The most frequent error: EAUTH 535.",
  ]);
  expect(findings[1]?.todo).toContain("update outgoing_mails set failed_at = null");
});

test("mail: files are healthy, and MAIL=off is not examined", () => {
  expect(judgeMail({ kind: "files" }, NONE)).toMatchObject({
    findings: [],
    healthy: expect.stringContaining("/dev/mailbox"),
  });
  expect(judgeMail({ kind: "off" }, { ...NONE, overdue: 4 })).toMatchObject({
    findings: [],
    skipped: expect.stringContaining("MAIL is off"),
  });
});
