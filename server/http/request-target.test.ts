import { describe, expect, test } from "vitest";
import { judgeTarget, pathOf, withoutEncodedFragment, withoutRouterQuery } from "./request-target";

describe("judgeTarget: accepts", () => {
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
  ])("judgeTarget: accepts %s", (target) => expect(judgeTarget(target)).toBe("valid"));
});

describe("judgeTarget: rejects", () => {
  test.each([
    ["an absolute URL", "http://evil.test/"],
    ["an asterisk", "*"],
    ["an empty target", ""],
    ["a path without a leading slash", "dashboard"],
    ["an incomplete percent-encoding", "/%"],
    ["a percent sign without hex digits", "/%zz"],
    ["bytes that are not UTF-8", "/%ff"],
    ["an overlong UTF-8 slash", "/%c0%af"],
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
  ])("judgeTarget: rejects %s", (_name, target) => expect(judgeTarget(target)).toBe("malformed"));
});

test("judgeTarget: a target above 8 kB is too long", () => {
  expect(judgeTarget(`/${"a".repeat(8192)}`)).toBe("too long");
});

test.each([
  ["/login", "/login"],
  ["/login?next=%2F", "/login"],
  ["/login?", "/login"],
])("pathOf: %s gives %s", (target, path) => expect(pathOf(target)).toBe(path));

test.each([
  ["/login?_rsc=1abc", "/login"],
  ["/login?_rsc", "/login"],
  ["/login?next=%2F&_rsc=1abc", "/login?next=%2F"],
  ["/login?_rsc=1abc&next=%2F", "/login?next=%2F"],
  ["/login?a_rsc=1", "/login?a_rsc=1"],
  ["/login?next=_rsc", "/login?next=_rsc"],
  ["/_rsc=1", "/_rsc=1"],
  ["/login?", "/login?"],
])("withoutRouterQuery: %s becomes %s", (target, seen) => expect(withoutRouterQuery(target)).toBe(seen));

test.each([
  ["/confirm%23secret", "/confirm"],
  ["/confirm%2523secret?utm=x", "/confirm?utm=x"],
  ["/confirm", "/confirm"],
  ["/confirm?utm=%23x", "/confirm?utm=%23x"],
  ["/confirmed%23x", "/confirmed%23x"],
  ["/dashboard%23x", "/dashboard%23x"],
])("withoutEncodedFragment: %s becomes %s", (target, expected) => {
  expect(withoutEncodedFragment(target)).toBe(expected);
});
