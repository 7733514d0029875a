import { gzipSync } from "node:zlib";
import { securityHeaders } from "@/server/http/security-headers";
import type { Answer, Reply } from "./ask";
import type { DeploymentFacts, RestFacts } from "./examine-deployment";

export const NOW = new Date("2026-11-21T03:00:00Z");

/** Behind one proxy of ours, on https. */
export const ORIGIN = new URL("https://app.example.com");
const { always, otherPolicy } = securityHeaders(ORIGIN.origin, false);

/** A whole answer; `null` for a header leaves it out, several values send it as often. */
export function answered(status: number, headers: Record<string, string | string[] | null> = {}, body = ""): Answer {
  const given = Object.entries(headers);
  const kept = [...defaults()].filter(([name]) => !given.some(([other]) => other === name));
  const said = given.flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((one) => [name, one] as [string, string]),
  );
  return { kind: "answer", status, headers: [...kept, ...said], body: Buffer.from(body), before: 0, after: 10 };
}

let ids = 0;

function defaults(): [string, string][] {
  return [
    ...always.map(([name, value]) => [name.toLowerCase(), value] as [string, string]),
    ["content-security-policy", otherPolicy],
    ["cache-control", "private, no-store"],
    ["x-request-id", `request-${ids++}`],
    ["ratelimit-limit", "600"],
    ["ratelimit-remaining", "590"],
  ];
}

export function failed(code: string): Reply {
  return { kind: "failure", code, message: code };
}

export function page(headers: Parameters<typeof answered>[1] = {}, nonce = "bm9uY2U="): Answer {
  const policy = "default-src 'none'; script-src 'nonce-bm9uY2U=' 'strict-dynamic'";
  const answer = answered(200, { "content-security-policy": policy, "content-encoding": "gzip", ...headers });
  return { ...answer, body: gzipSync(`<script nonce="${nonce}"></script>`) };
}

export function toLogin(headers: Parameters<typeof answered>[1] = {}): Answer {
  return answered(307, { location: "/login?next=%2Fdashboard", ...headers });
}

/** An answer that says how many requests are left to its address. */
export function left(remaining: number): Answer {
  return answered(200, { "ratelimit-remaining": String(remaining) });
}

export function setCookies(...attributes: string[]): Answer {
  const rest = attributes.length === 0 ? ["Path=/", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=0"] : attributes;
  return answered(200, {
    "set-cookie": ["__Host-__acc", "__Host-__ref"].map((name) => [`${name}=`, ...rest].join("; ")),
  });
}

export function restFacts(changes: Partial<RestFacts> = {}): RestFacts {
  const count = [0, 1, 2, 3];
  return {
    ready: answered(200),
    login: [page(), page()],
    home: [toLogin(), toLogin()],
    logout: setCookies(),
    claimedHost: toLogin(),
    foreignHost: answered(421),
    pastMiddleware: toLogin(),
    put: answered(405),
    trace: answered(405),
    largeBody: answered(413),
    plain: answered(308, { location: "https://app.example.com/login" }),
    asOurselves: count.map((at) => left(599 - at)),
    asOthers: count.map((at) => left(595 - at)),
    asOthersOtherwise: count.map((at) => left(591 - at)),
    ...changes,
  };
}

export function deploymentFacts(changes: Partial<DeploymentFacts> = {}): DeploymentFacts {
  return {
    origin: ORIGIN,
    requestId: "doctor-1",
    live: answered(200, { "x-request-id": "doctor-1" }, '{"ok":true}'),
    rest: restFacts(),
    tls: { protocol: "TLSv1.3", mistrust: null, validTo: NOW.getTime() + 60 * 86_400_000, takesOldVersions: false },
    ...changes,
  };
}
