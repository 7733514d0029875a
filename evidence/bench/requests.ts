import { USER_AGENT } from "@/evidence/app-client";

/** APP_ORIGIN of the apps; the requests go to their actual ports. */
export const ORIGIN = "http://localhost:3000";

const BROWSER_HEADERS = {
  Host: "localhost:3000",
  Connection: "keep-alive",
  "User-Agent": USER_AGENT,
  "Accept-Language": "en-GB,en;q=0.9",
};

/** A browser's request for a page, without Accept-Encoding: compression would add to the measured cost. */
export function document(path: string, cookies: string): string {
  return formatRequest("GET", path, {
    Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    Cookie: cookies,
  });
}

export function query(procedure: string, cookies: string): string {
  return formatRequest("GET", `/api/trpc/${procedure}`, {
    Accept: "*/*",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    Cookie: cookies,
  });
}

/** `address` is sent as X-Forwarded-For; without it the app uses the socket's address. */
export function mutation(procedure: string, input: unknown, cookies = "", address = ""): string {
  const body = input === undefined ? "" : JSON.stringify(input);
  const headers = {
    Accept: "*/*",
    Origin: ORIGIN,
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    ...(cookies === "" ? {} : { Cookie: cookies }),
    ...(address === "" ? {} : { "X-Forwarded-For": address }),
  };
  return formatRequest("POST", `/api/trpc/${procedure}`, headers) + body;
}

function formatRequest(method: string, path: string, headers: Record<string, string>): string {
  const lines = Object.entries({ ...BROWSER_HEADERS, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
