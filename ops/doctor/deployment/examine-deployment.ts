import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { TRPC, HEALTH_LIVE, HEALTH_READY, HOME, LOGIN } from "@/server/auth/policy/routes";
import { MAX_BODY_BYTES } from "@/server/http/body";
import { HttpClient, type ProbeResult } from "./http-client";
import { examineTls, type TlsFacts } from "./examine-tls";

/** What a deployment answered to questions that anybody could ask it. */
export interface DeploymentFacts {
  origin: URL;
  requestId: string;
  live: ProbeResult;
  /** Null where nothing answered to begin with, as of all that follow. */
  probes: ProbeFacts | null;
  tls: TlsFacts | null;
}

export interface ProbeFacts {
  ready: ProbeResult;
  /** Asked twice each: an answer that comes a second time was kept by somebody. */
  login: [ProbeResult, ProbeResult];
  home: [ProbeResult, ProbeResult];
  logout: ProbeResult;
  forwardedHost: ProbeResult;
  foreignHost: ProbeResult;
  middlewareBypass: ProbeResult;
  put: ProbeResult;
  trace: ProbeResult;
  largeBody: ProbeResult;
  /** By http, where the origin is https on its usual port. */
  plainHttp: ProbeResult | null;
  ownAddress: ProbeResult[];
  /** Each with another address in X-Forwarded-For. */
  forgedForwardedFor: ProbeResult[];
  /** Each with another address in the headers that single products use, which others answer with a refusal. */
  forgedOtherHeaders: ProbeResult[];
}

export const FOREIGN_HOST = "doctor.invalid";
export const TRACE_MARKER = "traced-by-the-doctor";
/** More than there are instances behind one connection, as a rule, and few beside the 600 a minute. */
const REQUESTS_PER_ADDRESS = 12;

/** Costs no database access, and counts towards the limit of its address, which probes do not. */
const RATE_LIMITED_PATH = `${TRPC}/auth.session`;

/** Some fifty requests, one after the other. Changes nothing, signs nobody in and names nobody who exists. */
export async function examineDeployment(origin: URL): Promise<DeploymentFacts> {
  const asker = new HttpClient(origin);
  const requestId = `doctor-${randomUUID()}`;
  try {
    const live = await asker.send({ path: HEALTH_LIVE, headers: { "x-request-id": requestId } });
    const isThere = live.kind === "answer" && live.status === 200;
    const tls = origin.protocol === "https:" ? await examineTls(origin) : null;
    return { origin, requestId, live, probes: isThere ? await probeDeployment(asker, origin) : null, tls };
  } finally {
    asker.close();
  }
}

async function probeDeployment(asker: HttpClient, origin: URL): Promise<ProbeFacts> {
  const get = (path: string, headers = {}) => asker.send({ path, headers });
  const page = () => get(LOGIN, { accept: "text/html", "accept-encoding": "gzip, br" });
  const json = { "content-type": "application/json", origin: origin.origin };
  return {
    ready: await get(HEALTH_READY),
    login: [await page(), await page()],
    home: [await get(HOME), await get(HOME)],
    logout: await asker.send({
      method: "POST",
      path: `${TRPC}/auth.logout`,
      headers: { ...json, "content-length": "0" },
    }),
    forwardedHost: await get(HOME, { "x-forwarded-host": FOREIGN_HOST, forwarded: `host=${FOREIGN_HOST}` }),
    foreignHost: await get(HOME, { host: FOREIGN_HOST }),
    middlewareBypass: await get(HOME, { "x-middleware-subrequest": Array(5).fill("middleware").join(":") }),
    put: await asker.send({ method: "PUT", path: LOGIN }),
    trace: await asker.send({ method: "TRACE", path: LOGIN, headers: { "x-doctor": TRACE_MARKER } }),
    ownAddress: await repeat(() => get(RATE_LIMITED_PATH)),
    forgedForwardedFor: await repeat(() =>
      get(RATE_LIMITED_PATH, { "x-forwarded-for": Array(5).fill(randomAddress()).join(", ") }),
    ),
    forgedOtherHeaders: await repeat(() => get(RATE_LIMITED_PATH, otherAddressHeaders(randomAddress()))),
    // Last, for it may cost the connection.
    largeBody: await asker.send({
      method: "POST",
      path: `${TRPC}/auth.login`,
      headers: json,
      body: randomBytes(MAX_BODY_BYTES + 1),
    }),
    plainHttp: await probePlainHttp(origin),
  };
}

/** Whatever else a proxy might take somebody's address from. */
function otherAddressHeaders(address: string): Record<string, string> {
  return {
    forwarded: `for=${address}`,
    "x-real-ip": address,
    "x-client-ip": address,
    "true-client-ip": address,
    "cf-connecting-ip": address,
  };
}

/** From the block that is set aside for benchmarks and belongs to nobody (RFC 2544, appendix C.2.2). */
function randomAddress(): string {
  return `198.${18 + randomInt(2)}.${randomInt(256)}.${randomInt(256)}`;
}

async function repeat(ask: () => Promise<ProbeResult>): Promise<ProbeResult[]> {
  const replies: ProbeResult[] = [];
  while (replies.length < REQUESTS_PER_ADDRESS) replies.push(await ask());
  return replies;
}

async function probePlainHttp(origin: URL): Promise<ProbeResult | null> {
  if (origin.protocol !== "https:" || origin.port !== "") return null;
  const asker = new HttpClient(new URL(`http://${origin.host}`));
  try {
    return await asker.send({ path: LOGIN });
  } finally {
    asker.close();
  }
}
