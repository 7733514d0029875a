import ipaddr from "ipaddr.js";
import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import type { SessionAddresses } from "./session-addresses";
import { valuesOf, type ProbeResult } from "./http-client";
import type { ProbeFacts } from "./examine-deployment";

/** Fewer sessions or users may all come from one office. */
const SESSIONS_NEEDED = 20;
const USERS_NEEDED = 5;

const HOPS = "Set TRUSTED_PROXY_HOPS to the number of your proxies in front of the app";

/**
 * Whether the app determines client addresses correctly. A single client cannot detect that all clients share one address:
 * the newest sessions show that.
 */
export function judgeAddresses(probes: ProbeFacts | null, seen: SessionAddresses | null, isPublic: boolean): Group {
  const findings = [
    ...(probes === null ? [] : judgeForgedAddresses(probes)),
    ...(seen === null ? [] : judgeSessionAddresses(seen, isPublic)),
  ];
  const summaries = [
    ...(probes === null ? [] : ["a client cannot choose its own"]),
    ...(seen === null || seen.sessions < SESSIONS_NEEDED
      ? []
      : [`the last ${seen.sessions} sessions have ${seen.addresses}`]),
  ];
  const group = { title: "Addresses", healthy: summaries.join("; "), findings };
  return summaries.length === 0 ? { ...group, skipped: "no data" } : group;
}

/**
 * Rate limits count by address. Requests with different forged addresses must not each get a new counter. A few may, because
 * every instance counts separately.
 */
function judgeForgedAddresses({ ownAddress, forgedForwardedFor, forgedOtherHeaders }: ProbeFacts): Finding[] {
  const ours = ownAddress.map(isFirstOfWindow);
  const theirs = [forgedForwardedFor, forgedOtherHeaders].map((replies) => replies.map(isFirstOfWindow));
  // A proxy may refuse the other headers, which is fine.
  if ([...ours, ...(theirs[0] ?? [])].includes(null))
    return [
      warning(
        "addresses-untold",
        "RateLimit-Limit and RateLimit-Remaining are missing from some responses: it cannot be determined which address the app counts.",
        "Configure the proxy to forward RateLimit-*, or sign in and check the address in /dashboard/sessions",
      ),
    ];
  if (ours.every(Boolean))
    return [
      warning(
        "addresses-change",
        "Each request got a new counter: there are more instances than requests, or the app sees a different address each time.",
        `Sign in and check the address in /dashboard/sessions. ${HOPS}`,
      ),
    ];
  if (!theirs.some((fresh) => fresh.every(Boolean))) return [];
  return [
    problem(
      "address-chosen",
      "A client can choose its own address with a header: all rate limits can be bypassed, and password guesses are unlimited.",
      `${HOPS}, not more; configure the first of them to replace X-Forwarded-For, and block direct access to the app`,
    ),
  ];
}

/** Whether the response is the first of a rate limit window; null if the headers are missing. */
function isFirstOfWindow(reply: ProbeResult): boolean | null {
  if (reply.kind === "failure") return null;
  const [limit, remaining] = ["ratelimit-limit", "ratelimit-remaining"].map((name) =>
    Number(valuesOf(reply, name)[0] ?? NaN),
  );
  // With a limit of one the first request is also the last.
  if (limit === undefined || remaining === undefined || Number.isNaN(remaining) || !(limit > 1)) return null;
  return remaining >= limit - 1;
}

function judgeSessionAddresses(
  { sessions, users, addresses, mostCommon }: SessionAddresses,
  isPublic: boolean,
): Finding[] {
  if (!isPublic || mostCommon === null) return [];
  if (sessions < SESSIONS_NEEDED || users < USERS_NEEDED || addresses > 1) return [];
  const says = `The last ${sessions} sessions of ${users} users all came from ${mostCommon}`;
  if (isPrivateAddress(mostCommon))
    return [
      problem(
        "one-address",
        `${says}, which is the address of a proxy: all users share its rate limits.`,
        `${HOPS}; restart the app`,
      ),
    ];
  return [
    warning(
      "one-address",
      `${says}: either one office, or a proxy that TRUSTED_PROXY_HOPS does not count.`,
      `If users come from other networks too: ${HOPS}`,
    ),
  ];
}

function isPrivateAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() !== "unicast";
}
