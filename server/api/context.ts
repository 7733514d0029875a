import "server-only";
import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { authenticate, callerOf } from "@/server/auth/gate/authenticate";
import type { Caller } from "@/server/auth/policy/credentials";
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
}

export function contextOf(headers: Headers, now: Date): Context {
  const db = database();
  const client = clientOf(headers);
  const cookies = readCookies(headers.get("cookie"));
  const setCookies: CookieToSet[] = [];
  let caller: Promise<Caller> | undefined;
  return {
    db,
    client,
    cookies,
    now,
    requestId: headers.get("x-request-id") ?? "",
    wantsEndToken: headers.has(END_TOKEN_HEADER),
    setCookies,
    authenticate: () => (caller ??= authenticateCall(db, cookies, client, now, setCookies)),
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
