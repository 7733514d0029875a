import type { HttpExchange } from "./http-exchange";
import type { Tunnel } from "./forward-proxy";

/** What went over a wire, as far as it may hold secrets. */
export interface Traffic {
  /** Of the answers to requests that leave a line at the level of a production. */
  requestIds: string[];
  /** Cookie headers, and those that set cookies. */
  cookies: string[];
  setCookies: string[];
  authorizations: string[];
  queries: string[];
  /** Everything that was sent, where bodies can be found. */
  text: string;
}

const STATIC_FILE = /^\/(_next\/static\/|icon\.svg)/;

export function exchangeTraffic({ path, requestHeaders, requestBody, requestId, setCookies }: HttpExchange): Traffic {
  return {
    requestIds: requestId === null || STATIC_FILE.test(path) ? [] : [requestId],
    cookies: [requestHeaders.cookie ?? ""],
    setCookies,
    authorizations: [requestHeaders.authorization ?? ""],
    queries: [path.split("?")[1] ?? ""],
    text: requestBody,
  };
}

export function tunnelTraffic({ sent, received }: Tunnel): Traffic {
  const paths = [...sent.matchAll(/[A-Z]+ (\/[^ ]*) HTTP\/1\.1\r\n/g)].map(([, path]) => path!);
  return {
    // One after the other: the first answer belongs to the first request.
    requestIds: headersIn(received, "x-request-id").filter((_, at) => !STATIC_FILE.test(paths[at] ?? "")),
    cookies: headersIn(sent, "cookie"),
    setCookies: headersIn(received, "set-cookie"),
    authorizations: headersIn(sent, "authorization"),
    queries: paths.map((path) => path.split("?")[1] ?? ""),
    text: sent,
  };
}

function headersIn(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`^${name}: (.*)\r$`, "gim"))].map(([, value]) => value!);
}
