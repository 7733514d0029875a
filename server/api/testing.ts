import { cookieHeader, later, type SignedInTestSession } from "@/server/auth/db-testing";
import { ADA } from "@/server/auth/testing";
import { handleCall } from "./handler";

export const ORIGIN = "http://localhost:3000";

export interface CallOptions {
  method?: string;
  input?: unknown;
  /** Sent unchanged; undefined sends `input` as JSON. */
  body?: BodyInit | null;
  headers?: Record<string, string | null>;
  cookie?: Partial<Pick<SignedInTestSession, "accessToken" | "refreshToken">> | string;
  now?: Date;
}

/** One request as the entry passes it on, same-origin by default. */
export async function call(
  path: string,
  { method = "POST", input, body, headers = {}, cookie = {}, now = later(10) }: CallOptions = {},
) {
  const sent = new Headers({
    origin: ORIGIN,
    "content-type": "application/json",
    "user-agent": ADA.userAgent,
    "x-portcullis-address": ADA.address,
    "x-request-id": "request-1",
    cookie: typeof cookie === "string" ? cookie : cookieHeader(cookie),
  });
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) sent.delete(name);
    else sent.set(name, value);
  }
  const payload = method === "GET" ? undefined : (body ?? (input === undefined ? undefined : JSON.stringify(input)));
  const request = new Request(`${ORIGIN}/api/trpc/${path}`, { method, headers: sent, body: payload });
  const response = await handleCall(request, now);
  const text = await response.text();
  return {
    status: response.status,
    cookies: response.headers.getSetCookie(),
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text);
    },
    get data() {
      return JSON.parse(text).error?.data;
    },
  };
}

export const get = (path: string, asked: CallOptions = {}) => call(path, { method: "GET", ...asked });

let addresses = 0;

/** The header of a client address that no rate limit of this file has counted. */
export const fromElsewhere = () => ({ "x-portcullis-address": `10.9.0.${(addresses += 1)}` });
