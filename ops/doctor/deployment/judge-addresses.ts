import ipaddr from "ipaddr.js";
import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import type { SessionAddresses } from "./session-addresses";
import { valuesOf, type ProbeResult } from "./http-client";
import type { ProbeFacts } from "./examine-deployment";

/** Fewer tell nothing: one person, or one office. */
const SESSIONS_NEEDED = 20;
const USERS_NEEDED = 5;

const HOPS = "Set TRUSTED_PROXY_HOPS to the number of proxies of your own in front of the app";

/**
 * Whether the app sees the address that it should. From one place it cannot be seen that two people share a counter: that
 * is what the newest sessions are for.
 */
export function judgeAddresses(probes: ProbeFacts | null, seen: SessionAddresses | null, isPublic: boolean): Group {
  const findings = [
    ...(probes === null ? [] : judgeForgedAddresses(probes)),
    ...(seen === null ? [] : judgeSessionAddresses(seen, isPublic)),
  ];
  const told = [
    ...(probes === null ? [] : ["a client cannot choose its own"]),
    ...(seen === null || seen.sessions < SESSIONS_NEEDED
      ? []
      : [`the last ${seen.sessions} sessions have ${seen.addresses}`]),
  ];
  const group = { title: "Addresses", healthy: told.join("; "), findings };
  return told.length === 0 ? { ...group, skipped: "nothing to judge by" } : group;
}

/**
 * The ceiling counts by address. Requests that claim another address each must not find a fresh counter each: a few may, for
 * every instance behind the proxy counts for itself.
 */
function judgeForgedAddresses({ ownAddress, forgedForwardedFor, forgedOtherHeaders }: ProbeFacts): Finding[] {
  const ours = ownAddress.map(isFirstOfWindow);
  const theirs = [forgedForwardedFor, forgedOtherHeaders].map((replies) => replies.map(isFirstOfWindow));
  // The other headers may well be refused on the way: that is an answer, too.
  if ([...ours, ...(theirs[0] ?? [])].includes(null))
    return [
      warning(
        "addresses-untold",
        "RateLimit-Limit and RateLimit-Remaining do not come back with every answer: whose address the app counts cannot be told.",
        "Let the proxy pass RateLimit-* on; or sign in and look at the address in /dashboard/sessions",
      ),
    ];
  if (ours.every(Boolean))
    return [
      warning(
        "addresses-change",
        "Each of our own requests was counted as somebody else's: more instances than requests, or the app sees another address each time.",
        `Sign in and look at the address in /dashboard/sessions. ${HOPS}`,
      ),
    ];
  if (!theirs.some((fresh) => fresh.every(Boolean))) return [];
  return [
    problem(
      "address-chosen",
      "A client can choose its own address by a header: every ceiling can be gone round, and guesses at passwords are unlimited.",
      `${HOPS}, not more; let the first of them replace X-Forwarded-For, and nobody reach the app past it`,
    ),
  ];
}

/** Whether an answer is the first that its address has got in this minute; null where that is not said. */
function isFirstOfWindow(reply: ProbeResult): boolean | null {
  if (reply.kind === "failure") return null;
  const [limit, remaining] = ["ratelimit-limit", "ratelimit-remaining"].map((name) =>
    Number(valuesOf(reply, name)[0] ?? NaN),
  );
  // Of one request a minute the first is also the last.
  if (limit === undefined || remaining === undefined || Number.isNaN(remaining) || !(limit > 1)) return null;
  return remaining >= limit - 1;
}

function judgeSessionAddresses(
  { sessions, users, addresses, mostCommon }: SessionAddresses,
  isPublic: boolean,
): Finding[] {
  if (!isPublic || mostCommon === null) return [];
  if (sessions < SESSIONS_NEEDED || users < USERS_NEEDED || addresses > 1) return [];
  const says = `The last ${sessions} sessions, of ${users} people, all came from ${mostCommon}`;
  if (isOfANetworkOfOurs(mostCommon))
    return [
      problem("one-address", `${says}, which is a proxy's: all people share its ceilings.`, `${HOPS}; restart the app`),
    ];
  return [
    warning(
      "one-address",
      `${says}: one office, or a proxy that is not counted.`,
      `Where people come from elsewhere, too: ${HOPS}`,
    ),
  ];
}

function isOfANetworkOfOurs(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() !== "unicast";
}
