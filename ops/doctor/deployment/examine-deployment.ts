import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { TRPC, HEALTH_LIVE, HEALTH_READY, HOME, LOGIN } from "@/server/auth/policy/routes";
import { MAX_BODY_BYTES } from "@/server/http/body";
import { Asker, type Reply } from "./ask";
import { examineTls, type TlsFacts } from "./examine-tls";

/** What a deployment answered to questions that anybody could ask it. */
export interface DeploymentFacts {
  origin: URL;
  requestId: string;
  live: Reply;
  /** Null where nothing answered to begin with, as of all that follow. */
  rest: RestFacts | null;
  tls: TlsFacts | null;
}

export interface RestFacts {
  ready: Reply;
  /** Asked twice each: an answer that comes a second time was kept by somebody. */
  login: [Reply, Reply];
  home: [Reply, Reply];
  logout: Reply;
  claimedHost: Reply;
  foreignHost: Reply;
  pastMiddleware: Reply;
  put: Reply;
  trace: Reply;
  largeBody: Reply;
  /** By http, where the origin is https on its usual port. */
  plain: Reply | null;
  asOurselves: Reply[];
  /** Each with another address in X-Forwarded-For. */
  asOthers: Reply[];
  /** Each with another address in the headers that single products use, which others answer with a refusal. */
  asOthersOtherwise: Reply[];
}

export const FOREIGN = "doctor.invalid";
export const TRACED = "traced-by-the-doctor";
/** More than there are instances behind one connection, as a rule, and few beside the 600 a minute. */
const EACH_ADDRESS_TIMES = 12;

/** Costs no database access, and counts towards the limit of its address, which probes do not. */
const COUNTED = `${TRPC}/auth.session`;

/** Some fifty requests, one after the other. Changes nothing, signs nobody in and names nobody who exists. */
export async function examineDeployment(origin: URL): Promise<DeploymentFacts> {
  const asker = new Asker(origin);
  const requestId = `doctor-${randomUUID()}`;
  try {
    const live = await asker.ask({ path: HEALTH_LIVE, headers: { "x-request-id": requestId } });
    const isThere = live.kind === "answer" && live.status === 200;
    const tls = origin.protocol === "https:" ? await examineTls(origin) : null;
    return { origin, requestId, live, rest: isThere ? await askTheRest(asker, origin) : null, tls };
  } finally {
    asker.close();
  }
}

async function askTheRest(asker: Asker, origin: URL): Promise<RestFacts> {
  const get = (path: string, headers = {}) => asker.ask({ path, headers });
  const page = () => get(LOGIN, { accept: "text/html", "accept-encoding": "gzip, br" });
  const json = { "content-type": "application/json", origin: origin.origin };
  return {
    ready: await get(HEALTH_READY),
    login: [await page(), await page()],
    home: [await get(HOME), await get(HOME)],
    logout: await asker.ask({
      method: "POST",
      path: `${TRPC}/auth.logout`,
      headers: { ...json, "content-length": "0" },
    }),
    claimedHost: await get(HOME, { "x-forwarded-host": FOREIGN, forwarded: `host=${FOREIGN}` }),
    foreignHost: await get(HOME, { host: FOREIGN }),
    pastMiddleware: await get(HOME, { "x-middleware-subrequest": Array(5).fill("middleware").join(":") }),
    put: await asker.ask({ method: "PUT", path: LOGIN }),
    trace: await asker.ask({ method: "TRACE", path: LOGIN, headers: { "x-doctor": TRACED } }),
    asOurselves: await repeat(() => get(COUNTED)),
    asOthers: await repeat(() => get(COUNTED, { "x-forwarded-for": Array(5).fill(randomAddress()).join(", ") })),
    asOthersOtherwise: await repeat(() => get(COUNTED, otherClaimsOf(randomAddress()))),
    // Last, for it may cost the connection.
    largeBody: await asker.ask({
      method: "POST",
      path: `${TRPC}/auth.login`,
      headers: json,
      body: randomBytes(MAX_BODY_BYTES + 1),
    }),
    plain: await askPlainly(origin),
  };
}

/** Whatever else a proxy might take somebody's address from. */
function otherClaimsOf(address: string): Record<string, string> {
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

async function repeat(ask: () => Promise<Reply>): Promise<Reply[]> {
  const replies: Reply[] = [];
  while (replies.length < EACH_ADDRESS_TIMES) replies.push(await ask());
  return replies;
}

async function askPlainly(origin: URL): Promise<Reply | null> {
  if (origin.protocol !== "https:" || origin.port !== "") return null;
  const asker = new Asker(new URL(`http://${origin.host}`));
  try {
    return await asker.ask({ path: LOGIN });
  } finally {
    asker.close();
  }
}
