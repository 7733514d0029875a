import type { HttpExchange } from "./http-exchange";
import type { Tunnel } from "./forward-proxy";

/** The parts of recorded traffic that may contain secrets. */
export interface Traffic {
  /** Of responses whose requests are logged at the production log level. */
  requestIds: string[];
  /** Cookie headers. */
  cookies: string[];
  setCookies: string[];
  authorizations: string[];
  queries: string[];
  /** Everything that was sent, including bodies. */
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
    // Responses are in the order of their requests.
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
