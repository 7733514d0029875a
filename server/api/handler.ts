import "server-only";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { readCookies, serializeCookie, type CookieToSet } from "@/server/auth/tokens/cookies";
import { judgePresentedCredentials, type PresentedCredentials } from "@/server/auth/policy/presented-credentials";
import { procedureFacts, proceduresIn } from "@/server/auth/policy/procedures";
import { Refusal, REFUSALS } from "@/server/auth/policy/refusals";
import { TRPC } from "@/server/auth/policy/routes";
import { judgeOrigin } from "@/server/auth/gate/same-origin";
import { contextOf } from "./context";
import { env } from "@/server/runtime/env";
import { errorEnvelope } from "@/server/runtime/error-envelope";
import { log } from "@/server/runtime/log";
import { appRouter } from "./router";
import { refusalIn } from "./init";

const MAX_BATCH_SIZE = 10;
const STREAMING_HEADERS = ["trpc-accept", "accept"];

/** Handles one HTTP request to the procedures: a call or a batch of calls. */
export async function handleCall(request: Request, now: Date): Promise<Response> {
  const requestId = request.headers.get("x-request-id") ?? "";
  const presented = presentedCredentials(request);
  try {
    if (presented.kind === "ambiguous") throw new Refusal("BAD_INPUT");
    // No page of another site can send a bearer token without the permission of a preflight, and the cookies are not read.
    if (presented.kind === "cookies") refuseCrossOrigin(request);
    refuseInvalidBatch(new URL(request.url));
    const whole = withoutStreaming(request);
    const readable = request.method === "POST" ? await withJsonBody(whole) : whole;
    return await runProcedures(readable, presented, now);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status } = REFUSALS[error.reason];
    const response = Response.json(errorEnvelope(error, requestId), { status });
    return withResponseHeaders(response, [], error.details.retryAfterSeconds, bearerChallenge(presented, error));
  }
}

async function runProcedures(request: Request, presented: PresentedCredentials, now: Date): Promise<Response> {
  const context = contextOf(request.headers, presented, now);
  let retryAfterSeconds: number | undefined;
  let challenge: string | undefined;
  const response = await fetchRequestHandler({
    endpoint: TRPC,
    req: request,
    router: appRouter,
    createContext: () => context,
    maxBatchSize: MAX_BATCH_SIZE,
    // tRPC has no code for some statuses. A batch of several calls keeps the status that tRPC gives it.
    responseMeta: ({ errors, paths }) => {
      const refusal = errors.length === 1 && paths?.length === 1 ? refusalIn(errors[0]!) : null;
      return refusal === null ? {} : { status: REFUSALS[refusal.reason].status };
    },
    onError: ({ error, path }) => {
      const refusal = refusalIn(error);
      if (refusal === null) log.error({ err: error.cause ?? error, path, requestId: context.requestId }, "fault");
      else {
        retryAfterSeconds = Math.max(retryAfterSeconds ?? 0, refusal.details.retryAfterSeconds ?? 0) || undefined;
        challenge ??= bearerChallenge(presented, refusal);
      }
    },
  });
  const cookies = presented.kind === "bearer" ? [] : context.setCookies;
  return withResponseHeaders(response, cookies, retryAfterSeconds, challenge);
}

function presentedCredentials({ headers, url }: Request): PresentedCredentials {
  const { hasAccessCookie, refreshToken } = readCookies(headers.get("cookie"));
  return judgePresentedCredentials({
    authorization: headers.get("authorization"),
    hasSessionCookie: hasAccessCookie || refreshToken !== null,
    query: new URL(url).searchParams,
  });
}

/** The value of WWW-Authenticate (RFC 6750, section 3). */
function bearerChallenge({ kind }: PresentedCredentials, { reason, details }: Refusal): string | undefined {
  if (kind === "ambiguous") return 'Bearer error="invalid_request"';
  if (kind === "cookies") return undefined;
  if (reason === "INVALID_TOKEN") return 'Bearer error="invalid_token"';
  if (reason !== "INSUFFICIENT_SCOPE") return undefined;
  return `Bearer error="insufficient_scope"${details.scope === undefined ? "" : `, scope="${details.scope}"`}`;
}

function withResponseHeaders(
  response: Response,
  cookies: CookieToSet[],
  retryAfterSeconds: number | undefined,
  challenge: string | undefined,
): Response {
  // Headers are set in place: a copy of the response would read its body once more.
  const { headers } = response;
  const lastOfEachName = new Map(cookies.map((cookie) => [cookie.name, cookie]));
  for (const cookie of lastOfEachName.values()) headers.append("set-cookie", serializeCookie(cookie));
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  if (challenge !== undefined) headers.set("www-authenticate", challenge);
  headers.set("cache-control", "private, no-store");
  return response;
}

/** Mutations must be same-origin, or from a configured CORS origin, signed in or not. */
function refuseCrossOrigin(request: Request): void {
  const { APP_ORIGIN: appOrigin } = env();
  const verdict = judgeOrigin({
    method: request.method,
    origin: request.headers.get("origin"),
    secFetchSite: request.headers.get("sec-fetch-site"),
    appOrigin,
    corsOrigins: env().CORS_ORIGINS,
  });
  if (verdict === "refused") throw new Refusal("ORIGIN_REFUSED", { appOrigin });
}

/** A batch counts once in the password admission queue and the rate limits, so it may not contain calls that hash passwords. */
function refuseInvalidBatch(url: URL): void {
  const names = proceduresIn(url.pathname);
  if (names === null || names.length > MAX_BATCH_SIZE) throw new Refusal("BAD_INPUT");
  if (names.length > 1 && names.some((name) => procedureFacts(name)?.batch === false)) throw new Refusal("BAD_INPUT");
}

/** A streamed response would start before its cookies and status are known. */
function withoutStreaming(request: Request): Request {
  if (!STREAMING_HEADERS.some((name) => request.headers.get(name)?.includes("jsonl"))) return request;
  const headers = new Headers(request.headers);
  for (const name of STREAMING_HEADERS) headers.delete(name);
  return new Request(request, { headers });
}

/** Without this check tRPC would run a procedure without input for a form posted by another site. */
async function withJsonBody(request: Request): Promise<Request> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refusal("NOT_JSON");
  // The entry has set content-length from the received body. A new Request would read and parse the body once more.
  if (Number(request.headers.get("content-length")) > 0) return request;
  // A call without input has an empty body, which tRPC would reject as invalid JSON.
  const body = (await request.text()) || "null";
  return new Request(request.url, { method: "POST", headers: request.headers, body, signal: request.signal });
}
