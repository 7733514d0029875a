import { SESSION_COOKIE_NAMES } from "@/server/auth/tokens/cookies";
import { problem, type Finding, type Group } from "@/ops/doctor/finding";
import { valuesOf } from "./http-client";
import type { DeploymentFacts, ProbeFacts } from "./examine-deployment";

const PREFIX = "__Host-";

/** An anonymous logout clears both cookies of a session, and so shows their attributes. */
export function judgeCookies({ origin }: DeploymentFacts, { logout }: ProbeFacts): Group {
  const isHttps = origin.protocol === "https:";
  const names = SESSION_COOKIE_NAMES.filter((name) => name.startsWith(PREFIX) === isHttps);
  const healthy = `${names.join(", ")}: HttpOnly, SameSite=Lax, ${isHttps ? "Secure, " : ""}this host only`;
  const findings =
    logout.kind === "response" && logout.status === 200
      ? groupFindings(names, valuesOf(logout, "set-cookie"), isHttps)
      : [judgeFailedLogout(logout.kind === "response" ? logout.status : null, origin)];
  return { title: "Cookies", healthy, findings };
}

function judgeFailedLogout(status: number | null, origin: URL): Finding {
  if (status === 403)
    return problem(
      "origin-refused",
      `The app refuses a logout request from ${origin.origin}, so users cannot sign in there.`,
      "Set APP_ORIGIN to exactly this address, and configure the proxy to forward the Origin header unchanged",
    );
  return problem(
    "logout-fails",
    `An anonymous logout returns ${status ?? "no response"} instead of 200.`,
    "The proxy must forward POST, Content-Type and Origin; see the app's log",
  );
}

interface CookieProblem {
  id: string;
  /** Predicate of a sentence about the cookie. */
  says: string;
  todo: string;
}

function judgeCookie(name: string, setCookies: string[], isHttps: boolean): CookieProblem | null {
  const found = setCookies.filter((line) => line.startsWith(`${name}=`));
  const [line] = found;
  if (line === undefined) {
    const isOther = setCookies.some((one) => one.includes(`${name.replace(PREFIX, "")}=`));
    return {
      id: "cookie-name",
      says: isOther ? "has a different name" : "is not cleared by a logout",
      todo: `Set APP_ORIGIN to the ${isHttps ? "https" : "http"} address; disable cookie rewriting in the proxy`,
    };
  }
  if (found.length > 1)
    return {
      id: "cookie-doubled",
      says: `is set ${found.length} times in one response`,
      todo: "Disable Set-Cookie in the proxy",
    };
  const attributes = line.split("; ").slice(1);
  const wanted = ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=0", ...(isHttps ? ["Secure"] : [])];
  const missing = wanted.filter((one) => !attributes.some((other) => other.toLowerCase() === one.toLowerCase()));
  const domain = attributes.find((attribute) => /^domain/i.test(attribute));
  const wrong = [...missing.map((one) => `without ${one}`), ...(domain === undefined ? [] : [`with ${domain}`])];
  if (wrong.length === 0) return null;
  return {
    id: "cookie-attributes",
    says: `is set ${wrong.join(", ")}`,
    todo: "Configure the proxy to forward Set-Cookie unchanged (nginx: no proxy_cookie_*)",
  };
}

/** Combines identical problems of both cookies into one finding. */
function groupFindings(names: readonly string[], setCookies: string[], isHttps: boolean): Finding[] {
  const bySentence = new Map<string, { names: string[]; cookieProblem: CookieProblem }>();
  for (const name of names) {
    const cookieProblem = judgeCookie(name, setCookies, isHttps);
    if (cookieProblem === null) continue;
    const before = bySentence.get(cookieProblem.says);
    if (before === undefined) bySentence.set(cookieProblem.says, { names: [name], cookieProblem });
    else before.names.push(name);
  }
  return [...bySentence.values()].map(({ names: its, cookieProblem: { id, says, todo } }) =>
    problem(id, its.length === 1 ? `${its[0]} ${says}.` : `Each of ${its.join(" and ")} ${says}.`, todo),
  );
}
