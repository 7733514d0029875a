import { describe, expect, test } from "vitest";
import { judgeHeaders, withoutSpoofableHeaders } from "./inbound-headers";

const GUARDED = new Set(["__acc", "__Host-__acc", "__ref"]);

function judge(...raw: string[]) {
  return judgeHeaders(["Host", "app.example.com", ...raw], GUARDED);
}

describe("judgeHeaders: accepts", () => {
  test.each<[string, ...string[]]>([
    ["a Host header alone"],
    ["each cookie once", "Cookie", "__acc=a; __ref=b; other=c"],
    ["another cookie twice", "Cookie", "theme=dark; theme=light"],
    ["a session cookie name within another name", "Cookie", "x__acc=1; __acc=a; __accx=2"],
    ["a session cookie name within a value", "Cookie", "__acc=a; next=__acc"],
    ["the access cookie under both of its names", "Cookie", "__acc=a; __Host-__acc=b"],
    ["a session cookie name after a no-break space", "Cookie", "__acc=a; \xa0__acc=b; __acc\xa0=c"],
    ["a list header in several lines", "Accept", "text/html", "Accept", "text/plain"],
  ])("judgeHeaders: accepts %s", (_name, ...raw) => expect(judge(...raw)).toBe("valid"));
});

describe("judgeHeaders: rejects", () => {
  test.each<[string, ...string[]]>([
    ["a second Host header", "host", "evil.test"],
    ["two Origin headers", "Origin", "https://app.example.com", "origin", "https://evil.test"],
    ["two Content-Type headers", "Content-Type", "application/json", "Content-Type", "text/plain"],
    ["two Content-Length headers", "Content-Length", "1", "Content-Length", "1"],
    ["two User-Agent headers", "User-Agent", "a", "User-Agent", "b"],
    ["two Sec-Fetch-Site headers", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"],
    ["a duplicate session cookie", "Cookie", "__acc=a; __acc=b"],
    ["a duplicate session cookie without a space", "Cookie", "__acc=a;__acc=b"],
    ["a duplicate session cookie with other white space", "Cookie", "__acc=a;\t __acc =b"],
    ["a duplicate session cookie, once without a value", "Cookie", "__ref=a; __ref"],
    ["a duplicate session cookie in two lines", "Cookie", "__Host-__acc=a", "cookie", "__Host-__acc=b"],
  ])("judgeHeaders: rejects %s", (_name, ...raw) => expect(judge(...raw)).toBe("malformed"));

  test("judgeHeaders: rejects a missing Host header", () =>
    expect(judgeHeaders(["Accept", "*/*"], GUARDED)).toBe("malformed"));
});

describe("withoutSpoofableHeaders: removes", () => {
  test.each([
    "x-portcullis-address",
    "x-portcullis-anything",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-user",
    "forwarded",
    "x-real-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
    "client-ip",
    "fly-client-ip",
    "remote-addr",
    "x-azure-clientip",
    "x-appengine-user-ip",
    "x-envoy-external-address",
    "cf-access-authenticated-user-email",
    "cf-access-jwt-assertion",
    "x-goog-authenticated-user-email",
    "x-goog-iap-jwt-assertion",
    "x-amzn-oidc-identity",
    "x-ms-client-principal",
    "x-webauth-user",
    "x-user",
    "x-user-id",
    "x-userid",
    "x-authenticated-user",
    "x-remote-user",
    "remote-user",
    "x-role",
    "x-session-id",
    "x-middleware-subrequest",
    "x-middleware-next",
    "x-middleware-set-cookie",
    "x-nextjs-data",
    "x-next-resume-state-length",
    "x-invoke-path",
    "x-matched-path",
    "x-now-route-matches",
    "x-prerender-revalidate",
    "x-action-forwarded",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "next-action",
    "next-resume",
    "next-hmr-refresh",
    "next-anything-new",
    "content-security-policy",
    "content-security-policy-report-only",
  ])("withoutSpoofableHeaders: removes %s", (name) =>
    expect(withoutSpoofableHeaders({ [name]: "x" }, false)).toEqual({}),
  );
});

describe("withoutSpoofableHeaders: keeps", () => {
  test.each([
    "accept",
    "cookie",
    "origin",
    "user-agent",
    "sec-fetch-dest",
    "rsc",
    "next-router-state-tree",
    "next-router-prefetch",
    "next-router-segment-prefetch",
    "next-url",
    "x-requested-with",
    "x-trpc-source",
  ])("withoutSpoofableHeaders: keeps %s", (name) =>
    expect(withoutSpoofableHeaders({ [name]: "x" }, false)).toEqual({ [name]: "x" }),
  );
});

test("withoutSpoofableHeaders: keeps hot reload headers in development, and still removes spoofable ones", () => {
  expect(withoutSpoofableHeaders({ "next-hmr-refresh": "1", "x-user": "root" }, true)).toEqual({
    "next-hmr-refresh": "1",
  });
});
