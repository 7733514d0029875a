import fc from "fast-check";
import type { Asked, Pair } from "@/evidence/fuzz/fuzz-request";
import { NEXTS } from "@/evidence/fuzz/mutations/next-paths";
import { begin, COOKIES } from "./base-request";

export const PAGES = [
  "/",
  "/login",
  "/register",
  "/resume",
  "/maintenance",
  "/dashboard",
  "/dashboard/sessions",
  "/dashboard/account",
];
export const page: fc.Arbitrary<Asked> = fc
  .tuple(fc.constantFrom(...PAGES), fc.constantFrom(...COOKIES), fc.option(fc.constantFrom(...NEXTS), { freq: 2 }))
  .map(([path, cookie, next]) => ({
    ...begin("page", "GET", path, [["Cookie", cookie]]),
    query: next === null ? [] : [["next", next] as const],
  }));

const ROUTER_HEADERS: readonly Pair[][] = [
  [["RSC", "1"]],
  [
    ["RSC", "1"],
    ["Next-Router-Prefetch", "1"],
  ],
  [
    ["RSC", "1"],
    ["Next-Router-State-Tree", "%5B%22%22%2C%7B%7D%5D"],
  ],
  [
    ["RSC", "1"],
    ["Next-Router-State-Tree", "%5B%22"],
    ["Next-Url", "//evil.test/"],
  ],
  [
    ["RSC", "1"],
    ["Next-Router-Segment-Prefetch", "/_tree"],
  ],
  [
    ["RSC", "1"],
    ["Next-Router-Prefetch", "2"],
    ["Next-Router-Segment-Prefetch", "/../../secret"],
  ],
  [["Sec-Fetch-Dest", "empty"]],
];

export const soft: fc.Arbitrary<Asked> = fc
  .tuple(page, fc.constantFrom(...ROUTER_HEADERS), fc.boolean())
  .map(([asked, headers, hasDigest]) => ({
    ...asked,
    kind: "soft navigation",
    headers: [...asked.headers, ...headers],
    query: hasDigest ? [...asked.query, ["_rsc", "1ab3c"] as const] : asked.query,
  }));
