import { expect, test } from "vitest";
import { classifyRoute, type RouteKind } from "./routes";

test.each<[RouteKind, string[]]>([
  [
    "private",
    [
      "/dashboard",
      "/dashboard/",
      "/dashboard/sessions",
      "/dashboard/account",
      "/dashboard/security",
      "/dashboard/not-there",
    ],
  ],
  ["guest", ["/login", "/register"]],
  ["verification", ["/verify-email"]],
  ["root", ["/"]],
  ["call", ["/api/trpc", "/api/trpc/auth.login", "/api/trpc/users.me,sessions.list"]],
  ["health", ["/health", "/api/health/live", "/api/health/ready"]],
  ["static", ["/_next/static/chunks/a.js"]],
  ["keys", ["/.well-known/jwks.json"]],
  [
    "open",
    [
      "/maintenance",
      "/resume",
      "/dashboards",
      "/dash",
      "/login/x",
      "/verify-email/x",
      "/api/trpcx",
      "/api",
      "/_next/x",
      "/.well-known/jwks.json/",
      "/.well-known/JWKS.json",
      "",
      "//",
    ],
  ],
])("classifyRoute: %s for %s", (kind, paths) => {
  for (const path of paths) expect(classifyRoute(path), path).toBe(kind);
});
