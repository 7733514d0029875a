import "@/server/runtime/testing-env";
import { unstable_doesMiddlewareMatch } from "next/experimental/testing/server";
import { describe, expect, test } from "vitest";
import { config } from "@/middleware";
import nextConfig from "@/next.config";
import { ACCESS_COOKIE_NAMES } from "@/server/auth/tokens/cookies";

const seen = (url: string, cookies?: Record<string, string>) =>
  unstable_doesMiddlewareMatch({ config, nextConfig, url, cookies });

const PAGES = ["/", "/login", "/register", "/dashboard", "/dashboard/sessions", "/dashboard/account", "/nowhere"];

test("the middleware runs for pages without an access cookie", () => {
  for (const page of PAGES) {
    expect(seen(page), page).toBe(true);
    expect(seen(`${page}?x=y`, { __ref: "a.b.c", theme: "dark" }), page).toBe(true);
    expect(seen(page, { "__Host-__ref": "a.b.c", acc: "x", __ACC: "x" }), page).toBe(true);
  }
});

describe.each(ACCESS_COOKIE_NAMES)("a request with a cookie called %s", (name) => {
  test("bypasses the middleware, whatever its value", () => {
    for (const page of PAGES) {
      for (const value of ["a.b.c", "garbage", ""]) {
        expect(seen(page, { [name]: value, __ref: "a.b.c" }), `${page} with ${JSON.stringify(value)}`).toBe(
          value === "",
        );
      }
    }
  });
});

test.each([
  "/api/trpc/auth.login",
  "/api/trpc/users.me?batch=1",
  "/api/health/live",
  "/api/health/ready",
  "/api/",
  "/_next/static/chunks/main.js",
  "/_next/data/x.json",
  "/health",
  "/.well-known/jwks.json",
  "/icon.svg",
])("the middleware does not run for %s", (url) => {
  expect(seen(url)).toBe(false);
  expect(seen(url, { __ref: "a.b.c" })).toBe(false);
});

test.each([
  "/health/x",
  "/healthy",
  "/icon.svg/x",
  "/.well-known/jwks.json/x",
  "/xwell-known/jwks.json",
  "/apix",
  "/_nextx",
  "/x/api/y",
])("the middleware runs for %s, which only resembles one of those", (url) => {
  expect(seen(url)).toBe(true);
});

test("the middleware runs on Node.js, where it can reach the database", () => {
  expect(config.runtime).toBe("nodejs");
});
