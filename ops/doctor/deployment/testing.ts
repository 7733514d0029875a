import { gzipSync } from "node:zlib";
import { securityHeaders } from "@/server/http/security-headers";
import type { ReceivedResponse, ProbeResult } from "./http-client";
import type { DeploymentFacts, ProbeFacts } from "./examine-deployment";

export const NOW = new Date("2026-11-21T03:00:00Z");

/** An https deployment behind one proxy. */
export const ORIGIN = new URL("https://app.example.com");
const { always, otherPolicy } = securityHeaders(ORIGIN.origin, false);

/** A complete response; `null` omits a header, an array repeats it. */
export function response(
  status: number,
  headers: Record<string, string | string[] | null> = {},
  body = "",
): ReceivedResponse {
  const given = Object.entries(headers);
  const kept = [...defaults()].filter(([name]) => !given.some(([other]) => other === name));
  const added = given.flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((one) => [name, one] as [string, string]),
  );
  return { kind: "response", status, headers: [...kept, ...added], body: Buffer.from(body), before: 0, after: 10 };
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

export function failed(code: string): ProbeResult {
  return { kind: "failure", code, message: code };
}

export function page(headers: Parameters<typeof response>[1] = {}, nonce = "bm9uY2U="): ReceivedResponse {
  const policy = "default-src 'none'; script-src 'nonce-bm9uY2U=' 'strict-dynamic'";
  const answer = response(200, { "content-security-policy": policy, "content-encoding": "gzip", ...headers });
  return { ...answer, body: gzipSync(`<script nonce="${nonce}"></script>`) };
}

export function redirectToLogin(headers: Parameters<typeof response>[1] = {}): ReceivedResponse {
  return response(307, { location: "/login?next=%2Fdashboard", ...headers });
}

/** A response with the number of remaining requests. */
export function remainingRequests(remaining: number): ReceivedResponse {
  return response(200, { "ratelimit-remaining": String(remaining) });
}

export function setCookies(...attributes: string[]): ReceivedResponse {
  const rest = attributes.length === 0 ? ["Path=/", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=0"] : attributes;
  return response(200, {
    "set-cookie": ["__Host-__acc", "__Host-__ref"].map((name) => [`${name}=`, ...rest].join("; ")),
  });
}

export function probeFacts(changes: Partial<ProbeFacts> = {}): ProbeFacts {
  const count = [0, 1, 2, 3];
  return {
    ready: response(200),
    login: [page(), page()],
    home: [redirectToLogin(), redirectToLogin()],
    keySet: response(200, { "cache-control": "public, max-age=300" }, '{"keys":[]}'),
    logout: setCookies(),
    forwardedHost: redirectToLogin(),
    foreignHost: response(421),
    middlewareBypass: redirectToLogin(),
    put: response(405),
    trace: response(405),
    largeBody: response(413),
    plainHttp: response(308, { location: "https://app.example.com/login" }),
    ownAddress: count.map((at) => remainingRequests(599 - at)),
    forgedForwardedFor: count.map((at) => remainingRequests(595 - at)),
    forgedOtherHeaders: count.map((at) => remainingRequests(591 - at)),
    ...changes,
  };
}

export function deploymentFacts(changes: Partial<DeploymentFacts> = {}): DeploymentFacts {
  return {
    origin: ORIGIN,
    requestId: "doctor-1",
    live: response(200, { "x-request-id": "doctor-1" }, '{"ok":true}'),
    probes: probeFacts(),
    tls: {
      protocol: "TLSv1.3",
      certificateError: null,
      validTo: NOW.getTime() + 60 * 86_400_000,
      acceptsOldVersions: false,
    },
    ...changes,
  };
}
