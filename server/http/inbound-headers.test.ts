import { describe, expect, test } from "vitest";
import { judgeHeaders, withoutSpoofableHeaders } from "./inbound-headers";

const GUARDED = new Set(["__acc", "__Host-__acc", "__ref"]);

function judge(...raw: string[]) {
  return judgeHeaders(["Host", "app.example.com", ...raw], GUARDED);
}

describe("headers are fine", () => {
  test.each<[string, ...string[]]>([
    ["with nothing but a host"],
    ["with each cookie once", "Cookie", "__acc=a; __ref=b; other=c"],
    ["with a stranger's cookie twice", "Cookie", "theme=dark; theme=light"],
    ["with our name inside another", "Cookie", "x__acc=1; __acc=a; __accx=2"],
    ["with our name in a value", "Cookie", "__acc=a; next=__acc"],
    ["with the access cookie under both of its names", "Cookie", "__acc=a; __Host-__acc=b"],
    ["with our name after a no-break space", "Cookie", "__acc=a; \xa0__acc=b; __acc\xa0=c"],
    ["with several lines of a list", "Accept", "text/html", "Accept", "text/plain"],
  ])("%s", (_name, ...raw) => expect(judge(...raw)).toBe("fine"));
});

describe("headers are malformed", () => {
  test.each<[string, ...string[]]>([
    ["with a second host", "host", "evil.test"],
    ["with two origins", "Origin", "https://app.example.com", "origin", "https://evil.test"],
    ["with two content types", "Content-Type", "application/json", "Content-Type", "text/plain"],
    ["with two lengths", "Content-Length", "1", "Content-Length", "1"],
    ["with two user agents", "User-Agent", "a", "User-Agent", "b"],
    ["with two fetch sites", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"],
    ["with our cookie twice", "Cookie", "__acc=a; __acc=b"],
    ["with our cookie twice and no space", "Cookie", "__acc=a;__acc=b"],
    ["with our cookie twice and other white space", "Cookie", "__acc=a;\t __acc =b"],
    ["with our cookie twice, once without a value", "Cookie", "__ref=a; __ref"],
    ["with our cookie in two lines", "Cookie", "__Host-__acc=a", "cookie", "__Host-__acc=b"],
  ])("%s", (_name, ...raw) => expect(judge(...raw)).toBe("malformed"));

  test("without a host", () => expect(judgeHeaders(["Accept", "*/*"], GUARDED)).toBe("malformed"));
});

describe("a claim is removed", () => {
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
  ])("%s", (name) => expect(withoutSpoofableHeaders({ [name]: "x" }, false)).toEqual({}));
});

describe("what a browser says is kept", () => {
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
  ])("%s", (name) => expect(withoutSpoofableHeaders({ [name]: "x" }, false)).toEqual({ [name]: "x" }));
});

test("hot reload headers are kept in development, claims are not", () => {
  expect(withoutSpoofableHeaders({ "next-hmr-refresh": "1", "x-user": "root" }, true)).toEqual({
    "next-hmr-refresh": "1",
  });
});
