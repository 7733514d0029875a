import { COOKIE_NAMES } from "@/server/auth/tokens/cookies";
import { problem, type Finding, type Group } from "@/ops/doctor/finding";
import { valuesOf } from "./http-client";
import type { DeploymentFacts, ProbeFacts } from "./examine-deployment";

const PREFIX = "__Host-";

/** A sign-out by nobody clears both cookies, and so shows how they are really set. */
export function judgeCookies({ origin }: DeploymentFacts, { logout }: ProbeFacts): Group {
  const isHttps = origin.protocol === "https:";
  const names = COOKIE_NAMES.filter((name) => name.startsWith(PREFIX) === isHttps);
  const healthy = `${names.join(", ")}: HttpOnly, SameSite=Lax, ${isHttps ? "Secure, " : ""}this host only`;
  const findings =
    logout.kind === "answer" && logout.status === 200
      ? groupFindings(names, valuesOf(logout, "set-cookie"), isHttps)
      : [judgeFailedLogout(logout.kind === "answer" ? logout.status : null, origin)];
  return { title: "Cookies", healthy, findings };
}

function judgeFailedLogout(status: number | null, origin: URL): Finding {
  if (status === 403)
    return problem(
      "origin-refused",
      `The app refuses a sign-out from ${origin.origin}: nobody can sign in there.`,
      "Set APP_ORIGIN to exactly this address, and let the proxy pass the Origin header on unchanged",
    );
  return problem(
    "logout-fails",
    `A sign-out by nobody is answered ${status ?? "not at all"} instead of 200.`,
    "The proxy must pass POST, Content-Type and Origin on; the app's log says the rest",
  );
}

interface CookieProblem {
  id: string;
  /** What is said of the cookie, after its name. */
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
      says: isOther ? "goes by another name" : "is not cleared by a sign-out",
      todo: `Set APP_ORIGIN to the ${isHttps ? "https" : "http"} address; let the proxy rewrite no cookies`,
    };
  }
  if (found.length > 1)
    return {
      id: "cookie-doubled",
      says: `is set ${found.length} times in one answer`,
      todo: "Let the proxy add no Set-Cookie of its own",
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
    todo: "Let the proxy leave Set-Cookie as it is (nginx: no proxy_cookie_*)",
  };
}

/** What is said of both is said once. */
function groupFindings(names: readonly string[], setCookies: string[], isHttps: boolean): Finding[] {
  const told = new Map<string, { names: string[]; objection: CookieProblem }>();
  for (const name of names) {
    const objection = judgeCookie(name, setCookies, isHttps);
    if (objection === null) continue;
    const before = told.get(objection.says);
    if (before === undefined) told.set(objection.says, { names: [name], objection });
    else before.names.push(name);
  }
  return [...told.values()].map(({ names: its, objection: { id, says, todo } }) =>
    problem(id, its.length === 1 ? `${its[0]} ${says}.` : `Each of ${its.join(" and ")} ${says}.`, todo),
  );
}
