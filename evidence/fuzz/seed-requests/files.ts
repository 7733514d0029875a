import fc from "fast-check";
import type { FuzzRequest } from "@/evidence/fuzz/fuzz-request";
import { baseRequest, COOKIE_HEADERS } from "./base-request";

const FILES = [
  "/health",
  "/api/health/live",
  "/api/health/ready",
  "/icon.svg",
  "/_next/static/nothing.js",
  "/_next/static/{{buildId}}/_buildManifest.js",
  "/_next/static/../server/middleware-manifest.json",
  "/_next/data/{{buildId}}/dashboard.json",
  "/_next/image?url=%2Ficon.svg&w=64&q=75",
  "/_next/image?url=http%3A%2F%2F127.0.0.1%3A22%2F&w=64&q=75",
  "/_next/image?url=%2F%2Fevil.test%2Fx&w=64&q=75",
  "/.env",
  "/.env.local",
  "/package.json",
  "/.next/server/middleware-manifest.json",
  "/server/main.ts",
  "/api",
  "/api/trpc",
  "/api/trpc/",
  "/nowhere",
  "/robots.txt",
  "/404",
  "/500",
  "/_error",
  "/_not-found",
  "/_global-error",
  "/favicon.ico",
];

/** Static files and paths that do not exist. */
export const file: fc.Arbitrary<FuzzRequest> = fc
  .tuple(fc.constantFrom(...FILES), fc.constantFrom(...COOKIE_HEADERS))
  .map(([path, cookie]) => baseRequest("file", "GET", path, [["Cookie", cookie]]));

export const raw: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.constantFrom("GET", "G E T", "", "POST", "get", "\u0000", "CONNECT", "OPTIONS", "PRI", "HTTP/1.1"),
    fc.string({ unit: "binary", maxLength: 60 }),
  )
  .map(([method, path]) => baseRequest("raw", method, Buffer.from(path).toString("latin1")));
