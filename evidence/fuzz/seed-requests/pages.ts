import fc from "fast-check";
import type { FuzzRequest, NameValue } from "@/evidence/fuzz/fuzz-request";
import { NEXT_PATHS } from "@/evidence/fuzz/mutations/next-paths";
import { baseRequest, COOKIE_HEADERS } from "./base-request";

export const PAGES = [
  "/",
  "/login",
  "/register",
  "/resume",
  "/maintenance",
  "/dashboard",
  "/dashboard/sessions",
  "/dashboard/account",
  "/dashboard/security",
  "/.well-known/change-password",
  "/.well-known/jwks.json",
];
export const page: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.constantFrom(...PAGES),
    fc.constantFrom(...COOKIE_HEADERS),
    fc.option(fc.constantFrom(...NEXT_PATHS), { freq: 2 }),
  )
  .map(([path, cookie, next]) => ({
    ...baseRequest("page", "GET", path, [["Cookie", cookie]]),
    query: next === null ? [] : [["next", next] as const],
  }));

const ROUTER_HEADERS: readonly NameValue[][] = [
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

export const softNavigation: fc.Arbitrary<FuzzRequest> = fc
  .tuple(page, fc.constantFrom(...ROUTER_HEADERS), fc.boolean())
  .map(([request, headers, hasDigest]) => ({
    ...request,
    kind: "soft navigation",
    headers: [...request.headers, ...headers],
    query: hasDigest ? [...request.query, ["_rsc", "1ab3c"] as const] : request.query,
  }));
