import "@/server/runtime/testing-env";
import { unstable_doesMiddlewareMatch } from "next/experimental/testing/server";
import { describe, expect, test } from "vitest";
import { config } from "@/middleware";
import nextConfig from "@/next.config";
import { ACCESS_COOKIE_NAMES } from "@/server/auth/tokens/cookies";

const seen = (url: string, cookies?: Record<string, string>) =>
  unstable_doesMiddlewareMatch({ config, nextConfig, url, cookies });

const PAGES = ["/", "/login", "/register", "/dashboard", "/dashboard/sessions", "/dashboard/account", "/nowhere"];

test("the gate sees pages that come without an access cookie", () => {
  for (const page of PAGES) {
    expect(seen(page), page).toBe(true);
    expect(seen(`${page}?x=y`, { __ref: "a.b.c", theme: "dark" }), page).toBe(true);
    expect(seen(page, { "__Host-__ref": "a.b.c", acc: "x", __ACC: "x" }), page).toBe(true);
  }
});

describe.each(ACCESS_COOKIE_NAMES)("whoever has a cookie called %s", (name) => {
  test("passes by, whatever it is worth, and pays nothing", () => {
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
  "/icon.svg",
])("nothing is to be decided about %s", (url) => {
  expect(seen(url)).toBe(false);
  expect(seen(url, { __ref: "a.b.c" })).toBe(false);
});

test.each(["/health/x", "/healthy", "/icon.svg/x", "/apix", "/_nextx", "/x/api/y"])(
  "%s only looks like one of those",
  (url) => {
    expect(seen(url)).toBe(true);
  },
);

test("it runs on Node, where the database can be reached", () => {
  expect(config.runtime).toBe("nodejs");
});
