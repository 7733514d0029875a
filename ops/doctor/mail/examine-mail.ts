import { Resolver } from "node:dns/promises";
import type { ConnectionOptions } from "node:tls";
import { verifySmtpServer } from "@/server/mail/smtp-transport";
import type { Env } from "@/server/runtime/env";
import type { MailServer } from "@/server/runtime/mail-variables";

export type MailFacts =
  | { kind: "off" }
  | { kind: "files" }
  | { kind: "smtp"; server: MailServer; domain: string; connection: ConnectionResult; dns: SenderRecords | null };

export type ConnectionResult = { kind: "accepted" } | { kind: "failed"; code: string; message: string };

/** The DNS records that tell receivers who may send for a domain. Null where there is none. */
export interface SenderRecords {
  spf: string | null;
  dmarc: string | null;
}

const DNS_TIMEOUT_MILLISECONDS = 3000;

/** Connects to the mail server as the app does, and looks up the domain of MAIL_FROM. Sends nothing. */
export async function examineMail(
  { MAIL, SMTP_URL: server, MAIL_FROM: from }: Env,
  { tls, dnsServers }: { tls?: ConnectionOptions; dnsServers?: string[] } = {},
): Promise<MailFacts> {
  if (MAIL === "off") return { kind: "off" };
  if (server === undefined || from === undefined) return { kind: "files" };
  const domain = from.address.slice(from.address.lastIndexOf("@") + 1);
  const [connection, dns] = await Promise.all([tryConnection(server, tls), readSenderRecords(domain, dnsServers)]);
  return { kind: "smtp", server, domain, connection, dns };
}

async function tryConnection(server: MailServer, tls?: ConnectionOptions): Promise<ConnectionResult> {
  try {
    await verifySmtpServer(server, tls);
    return { kind: "accepted" };
  } catch (error) {
    const { code = "", originalCode, message } = error as Error & { code?: string; originalCode?: string };
    return { kind: "failed", code: originalCode ?? code, message };
  }
}

/** Null if DNS does not answer. */
async function readSenderRecords(domain: string, dnsServers?: string[]): Promise<SenderRecords | null> {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MILLISECONDS, tries: 1 });
  if (dnsServers !== undefined) resolver.setServers(dnsServers);
  const find = async (name: string, prefix: string): Promise<string | null> => {
    try {
      const records = (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
      return records.find((record) => record.toLowerCase().startsWith(prefix)) ?? null;
    } catch (error) {
      if (["ENOTFOUND", "ENODATA"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
      throw error;
    }
  };
  try {
    // The policy of a parent domain holds for a domain that has none.
    const labels = domain.split(".");
    const domains = labels.slice(0, Math.max(1, labels.length - 1)).map((_, at) => labels.slice(at).join("."));
    const [spf, ...policies] = await Promise.all([
      find(domain, "v=spf1"),
      ...domains.map((one) => find(`_dmarc.${one}`, "v=dmarc1")),
    ]);
    return { spf, dmarc: policies.find((policy) => policy !== null) ?? null };
  } catch {
    return null;
  }
}
