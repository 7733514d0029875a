import { describe, expect, test } from "vitest";
import { judgeOrigin, type OriginClaims } from "./same-origin";

const OURS = "https://app.example.com";
const LISTED = "https://partner.example.net";

function judge(claims: Partial<OriginClaims>) {
  return judgeOrigin({
    method: "POST",
    origin: null,
    secFetchSite: null,
    appOrigin: OURS,
    corsOrigins: [LISTED],
    ...claims,
  });
}

describe("a mutation is accepted", () => {
  test.each<[string, Partial<OriginClaims>]>([
    ["from our origin", { origin: OURS }],
    ["from our origin, with Sec-Fetch-Site: same-origin", { origin: OURS, secFetchSite: "same-origin" }],
    ["from a listed origin", { origin: LISTED, secFetchSite: "cross-site" }],
    ["without an origin, with Sec-Fetch-Site: same-origin", { secFetchSite: "same-origin" }],
  ])("%s", (_name, claims) => expect(judge(claims)).toBe("same"));
});

describe("a mutation is refused", () => {
  test.each<[string, Partial<OriginClaims>]>([
    ["with neither Origin nor Sec-Fetch-Site", {}],
    ["from a foreign origin", { origin: "https://evil.test" }],
    [
      "from a foreign origin that claims to be same-origin",
      { origin: "https://evil.test", secFetchSite: "same-origin" },
    ],
    ["from an opaque origin", { origin: "null" }],
    ["from an opaque origin that claims to be same-origin", { origin: "null", secFetchSite: "same-origin" }],
    ["with an empty origin", { origin: "", secFetchSite: "same-origin" }],
    ["from our host over http", { origin: "http://app.example.com" }],
    ["from our host on another port", { origin: "https://app.example.com:8443" }],
    ["from a host that starts like ours", { origin: "https://app.example.com.evil.test" }],
    ["from a subdomain of ours", { origin: "https://user-content.app.example.com" }],
    ["with our origin and a path", { origin: `${OURS}/` }],
    ["with our origin twice", { origin: `${OURS}, ${OURS}` }],
    ["with Sec-Fetch-Site: same-site", { secFetchSite: "same-site" }],
    ["with Sec-Fetch-Site: cross-site", { secFetchSite: "cross-site" }],
    ["with Sec-Fetch-Site: none", { secFetchSite: "none" }],
    ["with another unsafe method", { method: "DELETE" }],
  ])("%s", (_name, claims) => expect(judge(claims)).toBe("refused"));
});

test.each(["GET", "HEAD", "OPTIONS"])("%s is safe and accepted from any origin", (method) => {
  expect(judge({ method, origin: "https://evil.test", secFetchSite: "cross-site" })).toBe("same");
});
