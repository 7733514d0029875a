import { COOKIE_NAMES } from "@/server/auth/cookies";
import { problem, type Finding, type Group } from "@/doctor/finding";
import { valuesOf } from "./ask";
import type { DeploymentFacts, RestFacts } from "./examine-deployment";

const PREFIX = "__Host-";

/** A sign-out by nobody clears both cookies, and so shows how they are really set. */
export function judgeCookies({ origin }: DeploymentFacts, { logout }: RestFacts): Group {
  const isHttps = origin.protocol === "https:";
  const names = COOKIE_NAMES.filter((name) => name.startsWith(PREFIX) === isHttps);
  const healthy = `${names.join(", ")}: HttpOnly, SameSite=Lax, ${isHttps ? "Secure, " : ""}this host only`;
  const findings =
    logout.kind === "answer" && logout.status === 200
      ? names.flatMap((name) => judgeCookie(name, valuesOf(logout, "set-cookie"), isHttps))
      : [judgeRefusal(logout.kind === "answer" ? logout.status : null, origin)];
  return { title: "Cookies", healthy, findings };
}

function judgeRefusal(status: number | null, origin: URL): Finding {
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

function judgeCookie(name: string, setCookies: string[], isHttps: boolean): Finding[] {
  const bare = name.replace(PREFIX, "");
  const found = setCookies.filter((line) => line.startsWith(`${name}=`));
  const [line] = found;
  if (line === undefined) {
    const isOther = setCookies.some((one) => one.includes(`${bare}=`));
    const says = isOther
      ? `The cookie ${bare} goes by another name than ${name}.`
      : `A sign-out does not clear ${name}.`;
    return [
      problem(
        "cookie-name",
        says,
        `Set APP_ORIGIN to the ${isHttps ? "https" : "http"} address; let the proxy rewrite no cookies`,
      ),
    ];
  }
  if (found.length > 1)
    return [
      problem(
        "cookie-doubled",
        `${name} is set ${found.length} times in one answer.`,
        "Let the proxy add no Set-Cookie of its own",
      ),
    ];
  const attributes = new Set(
    line
      .split(";")
      .slice(1)
      .map((attribute) => attribute.trim().toLowerCase()),
  );
  const wanted = ["path=/", "httponly", "samesite=lax", "max-age=0", ...(isHttps ? ["secure"] : [])];
  const missing = wanted.filter((attribute) => !attributes.has(attribute));
  const domain = [...attributes].find((attribute) => attribute.startsWith("domain"));
  const wrong = [...missing.map((one) => `no ${one}`), ...(domain === undefined ? [] : [`a ${domain}`])];
  if (wrong.length === 0) return [];
  return [
    problem(
      "cookie-attributes",
      `${name} is set with ${wrong.join(", ")}.`,
      "Let the proxy leave Set-Cookie as it is (nginx: no proxy_cookie_*)",
    ),
  ];
}
