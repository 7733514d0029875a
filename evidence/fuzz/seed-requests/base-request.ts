import type { FuzzRequest, RequestKind, NameValue } from "@/evidence/fuzz/fuzz-request";

export const SESSION_COOKIES = "__acc={{access}}; __ref={{refresh}}";

export const COOKIE_HEADERS = [SESSION_COOKIES, "__ref={{refresh}}", "__acc={{access}}", "theme=dark"];

export function baseRequest(
  kind: RequestKind,
  method: string,
  path: string,
  headers: readonly NameValue[] = [],
): FuzzRequest {
  return {
    kind,
    method,
    path,
    query: [],
    headers: [["Host", "{{host}}"], ["User-Agent", "{{agent}}"], ["X-Request-Id", "{{requestId}}"], ...headers],
    body: null,
    encoding: "utf8",
    framing: null,
    isChunked: false,
    usesFetch: false,
  };
}
