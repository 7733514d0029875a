import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { authenticate, callerOf, type RequestFacts } from "@/server/auth/gate/authenticate";
import type { Caller, Identity } from "@/server/auth/policy/credentials";
import type { PresentedCredentials } from "@/server/auth/policy/presented-credentials";
import { clientOf, type Client } from "@/server/auth/client/client";
import { readCookies, type CookieToSet, type PresentedCookies } from "@/server/auth/tokens/cookies";
import { Refusal } from "@/server/auth/policy/refusals";
import { TRPC, END_TOKEN_HEADER } from "@/server/auth/policy/routes";
import { database } from "@/server/runtime/database";
import { recordCaller } from "@/server/runtime/request-state";

/** What a procedure can read about its request. */
export interface Context {
  db: Kysely<Database>;
  client: Client;
  cookies: PresentedCookies;
  now: Date;
  requestId: string;
  /** Whether to return the end token of a new session. Only our own pages request it. */
  wantsEndToken?: boolean;
  /** Cookies that the response sets, in order; a later one of the same name wins. */
  setCookies: CookieToSet[];
  /** The signed-in caller, with tokens refreshed where due. Runs at most once per request. Throws the refusals of the gate. */
  authenticate: () => Promise<Caller>;
  /** The caller of a request with a bearer token, likewise. Null for a request that authenticates by cookies. */
  authenticateBearer: (() => Promise<BearerCaller>) | null;
}

/** A caller by a bearer token. */
export interface BearerCaller extends Identity {
  scopes: readonly string[];
}

export function contextOf(headers: Headers, presented: PresentedCredentials, now: Date): Context {
  const db = database();
  const client = clientOf(headers);
  const cookies = readCookies(headers.get("cookie"));
  const setCookies: CookieToSet[] = [];
  let caller: Promise<Caller> | undefined;
  let bearerCaller: Promise<BearerCaller> | undefined;
  return {
    db,
    client,
    cookies,
    now,
    requestId: headers.get("x-request-id") ?? "",
    wantsEndToken: headers.has(END_TOKEN_HEADER),
    setCookies,
    authenticate: () => (caller ??= authenticateCall(db, cookies, client, now, setCookies)),
    authenticateBearer:
      presented.kind === "bearer"
        ? () => (bearerCaller ??= authenticateBearerCall(db, { cookies, bearerToken: presented.token, client }, now))
        : null,
  };
}

/** Applies the gate's decision to a call: returns the caller or refuses. A call is never redirected. */
async function authenticateCall(
  db: Kysely<Database>,
  cookies: PresentedCookies,
  client: Client,
  now: Date,
  setCookies: CookieToSet[],
): Promise<Caller> {
  const result = await authenticate(db, { kind: "call", path: TRPC, client, cookies }, now);
  setCookies.push(...result.cookies);
  const { decision, access, retryAfterSeconds } = result;
  if (decision.kind === "refuse") throw new Refusal(decision.reason, { retryAfterSeconds });
  if (access === null) throw new Refusal("SIGNED_OUT");
  const caller = callerOf(access);
  recordCaller(caller);
  return caller;
}

async function authenticateBearerCall(
  db: Kysely<Database>,
  facts: Pick<RequestFacts, "cookies" | "bearerToken" | "client">,
  now: Date,
): Promise<BearerCaller> {
  const { decision, bearer } = await authenticate(db, { kind: "call", path: TRPC, ...facts }, now);
  if (decision.kind === "refuse" || bearer === null) throw new Refusal("INVALID_TOKEN");
  const { userId, role, sessionId, scopes } = bearer;
  const caller = { user: { id: userId, role }, session: { id: sessionId }, scopes };
  recordCaller(caller);
  return caller;
}
