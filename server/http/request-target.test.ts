import { describe, expect, test } from "vitest";
import { judgeTarget, pathOf, withoutRouterQuery } from "./request-target";

describe("a request target is fine", () => {
  test.each([
    "/",
    "/login?next=%2Fdashboard",
    "/api/trpc/auth.session,users.me?batch=1&input=%7B%7D",
    "/_next/static/chunks/%5Broot%5D.js",
    "/caf%C3%A9",
    "/files/a%2Fb",
    "/search?q=100%",
    "/.well-known/security.txt",
    "/..hidden",
    "/a...b",
    `/${"a".repeat(8191)}`,
  ])("%s", (target) => expect(judgeTarget(target)).toBe("fine"));
});

describe("a request target is malformed", () => {
  test.each([
    ["an absolute address", "http://evil.test/"],
    ["an asterisk", "*"],
    ["nothing", ""],
    ["no slash", "dashboard"],
    ["half an encoding", "/%"],
    ["an encoding that is none", "/%zz"],
    ["bytes that are no UTF-8", "/%ff"],
    ["an overlong slash", "/%c0%af"],
    ["an encoded NUL", "/login%00"],
    ["an encoded line break", "/login%0d%0aset-cookie:a=b"],
    ["an encoded delete", "/%7f"],
    ["a backslash", "/\\evil.test"],
    ["an encoded backslash", "/%5Cevil.test"],
    ["a parent segment", "/_next/static/../../dashboard"],
    ["an encoded parent segment", "/_next/static/%2E%2e/dashboard"],
    ["half-encoded dots", "/.%2e/dashboard"],
    ["a segment of one dot", "/./dashboard"],
    ["a parent segment at the end", "/dashboard/.."],
    ["a fragment", "/login#top"],
    ["a space", "/log in"],
    ["a raw NUL", "/login\u0000"],
    ["raw bytes above ASCII", "/caf\u00e9"],
    ["raw bytes above ASCII in the query", "/login?next=/caf\u00e9"],
  ])("%s", (_name, target) => expect(judgeTarget(target)).toBe("malformed"));
});

test("a request target is too long beyond 8 kB", () => {
  expect(judgeTarget(`/${"a".repeat(8192)}`)).toBe("too long");
});

test.each([
  ["/login", "/login"],
  ["/login?next=%2F", "/login"],
  ["/login?", "/login"],
])("the path of %s is %s", (target, path) => expect(pathOf(target)).toBe(path));

test.each([
  ["/login?_rsc=1abc", "/login"],
  ["/login?_rsc", "/login"],
  ["/login?next=%2F&_rsc=1abc", "/login?next=%2F"],
  ["/login?_rsc=1abc&next=%2F", "/login?next=%2F"],
  ["/login?a_rsc=1", "/login?a_rsc=1"],
  ["/login?next=_rsc", "/login?next=_rsc"],
  ["/_rsc=1", "/_rsc=1"],
  ["/login?", "/login?"],
])("the person sees %s as %s", (target, seen) => expect(withoutRouterQuery(target)).toBe(seen));
