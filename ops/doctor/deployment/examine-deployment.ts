import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { TRPC, HEALTH_LIVE, HEALTH_READY, HOME, KEY_SET, LOGIN } from "@/server/auth/policy/routes";
import { MAX_BODY_BYTES } from "@/server/http/body";
import { HttpClient, type ProbeResult } from "./http-client";
import { examineTls, type TlsFacts } from "./examine-tls";

/** Results of requests that need no authentication. */
export interface DeploymentFacts {
  origin: URL;
  requestId: string;
  live: ProbeResult;
  /** Null if the liveness check failed. */
  probes: ProbeFacts | null;
  tls: TlsFacts | null;
}

export interface ProbeFacts {
  ready: ProbeResult;
  /** Requested twice: an identical second response comes from a cache. */
  login: [ProbeResult, ProbeResult];
  home: [ProbeResult, ProbeResult];
  keySet: ProbeResult;
  logout: ProbeResult;
  forwardedHost: ProbeResult;
  foreignHost: ProbeResult;
  middlewareBypass: ProbeResult;
  put: ProbeResult;
  trace: ProbeResult;
  largeBody: ProbeResult;
  /** Over http, if the origin is https on port 443. */
  plainHttp: ProbeResult | null;
  ownAddress: ProbeResult[];
  /** Each with a different address in X-Forwarded-For. */
  forgedForwardedFor: ProbeResult[];
  /** Each with a different address in vendor-specific headers, which some proxies refuse. */
  forgedOtherHeaders: ProbeResult[];
}

export const FOREIGN_HOST = "doctor.invalid";
export const TRACE_MARKER = "doctor-trace-marker";
/** More than the usual number of instances, and far below the limit of 600 requests per minute. */
const REQUESTS_PER_ADDRESS = 12;

/** Needs no database access, and counts towards the rate limit of its address; health checks do not. */
const RATE_LIMITED_PATH = `${TRPC}/auth.session`;

/** Sends about fifty requests sequentially. Changes nothing and uses no account. */
export async function examineDeployment(origin: URL): Promise<DeploymentFacts> {
  const client = new HttpClient(origin);
  const requestId = `doctor-${randomUUID()}`;
  try {
    const live = await client.send({ path: HEALTH_LIVE, headers: { "x-request-id": requestId } });
    const isLive = live.kind === "response" && live.status === 200;
    const tls = origin.protocol === "https:" ? await examineTls(origin) : null;
    return { origin, requestId, live, probes: isLive ? await probeDeployment(client, origin) : null, tls };
  } finally {
    client.close();
  }
}

async function probeDeployment(client: HttpClient, origin: URL): Promise<ProbeFacts> {
  const get = (path: string, headers = {}) => client.send({ path, headers });
  const page = () => get(LOGIN, { accept: "text/html", "accept-encoding": "gzip, br" });
  const json = { "content-type": "application/json", origin: origin.origin };
  return {
    ready: await get(HEALTH_READY),
    login: [await page(), await page()],
    home: [await get(HOME), await get(HOME)],
    keySet: await get(KEY_SET),
    logout: await client.send({
      method: "POST",
      path: `${TRPC}/auth.logout`,
      headers: { ...json, "content-length": "0" },
    }),
    forwardedHost: await get(HOME, { "x-forwarded-host": FOREIGN_HOST, forwarded: `host=${FOREIGN_HOST}` }),
    foreignHost: await get(HOME, { host: FOREIGN_HOST }),
    middlewareBypass: await get(HOME, { "x-middleware-subrequest": Array(5).fill("middleware").join(":") }),
    put: await client.send({ method: "PUT", path: LOGIN }),
    trace: await client.send({ method: "TRACE", path: LOGIN, headers: { "x-doctor": TRACE_MARKER } }),
    ownAddress: await repeat(() => get(RATE_LIMITED_PATH)),
    forgedForwardedFor: await repeat(() =>
      get(RATE_LIMITED_PATH, { "x-forwarded-for": Array(5).fill(randomAddress()).join(", ") }),
    ),
    forgedOtherHeaders: await repeat(() => get(RATE_LIMITED_PATH, otherAddressHeaders(randomAddress()))),
    // Last, because the server may close the connection.
    largeBody: await client.send({
      method: "POST",
      path: `${TRPC}/auth.login`,
      headers: json,
      body: randomBytes(MAX_BODY_BYTES + 1),
    }),
    plainHttp: await probePlainHttp(origin),
  };
}

/** Other headers from which a proxy may take the client address. */
function otherAddressHeaders(address: string): Record<string, string> {
  return {
    forwarded: `for=${address}`,
    "x-real-ip": address,
    "x-client-ip": address,
    "true-client-ip": address,
    "cf-connecting-ip": address,
  };
}

/** From the block reserved for benchmarks (RFC 2544, appendix C.2.2). */
function randomAddress(): string {
  return `198.${18 + randomInt(2)}.${randomInt(256)}.${randomInt(256)}`;
}

async function repeat(ask: () => Promise<ProbeResult>): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  while (results.length < REQUESTS_PER_ADDRESS) results.push(await ask());
  return results;
}

async function probePlainHttp(origin: URL): Promise<ProbeResult | null> {
  if (origin.protocol !== "https:" || origin.port !== "") return null;
  const client = new HttpClient(new URL(`http://${origin.host}`));
  try {
    return await client.send({ path: LOGIN });
  } finally {
    client.close();
  }
}
