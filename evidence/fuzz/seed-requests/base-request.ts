import type { Asked, Kind, Pair } from "@/evidence/fuzz/fuzz-request";

export const SIGNED_IN = "__acc={{access}}; __ref={{refresh}}";

/** What a browser may hold. */
export const COOKIES = [SIGNED_IN, "__ref={{refresh}}", "__acc={{access}}", "theme=dark"];

export function begin(kind: Kind, method: string, path: string, headers: readonly Pair[] = []): Asked {
  return {
    kind,
    method,
    path,
    query: [],
    headers: [["Host", "{{host}}"], ["User-Agent", "{{agent}}"], ["X-Request-Id", "{{requestId}}"], ...headers],
    body: null,
    coding: "utf8",
    framing: null,
    isChunked: false,
    prefersFetch: false,
  };
}
