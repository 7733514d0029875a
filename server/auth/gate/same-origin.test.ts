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

describe("a mutation is ours", () => {
  test.each<[string, Partial<OriginClaims>]>([
    ["from our origin", { origin: OURS }],
    ["from our origin, with the browser's word", { origin: OURS, secFetchSite: "same-origin" }],
    ["from a listed origin", { origin: LISTED, secFetchSite: "cross-site" }],
    ["without an origin, on the browser's word", { secFetchSite: "same-origin" }],
  ])("%s", (_name, claims) => expect(judge(claims)).toBe("same"));
});

describe("a mutation is refused", () => {
  test.each<[string, Partial<OriginClaims>]>([
    ["with neither origin nor the browser's word", {}],
    ["from a foreign origin", { origin: "https://evil.test" }],
    [
      "from a foreign origin that claims to be same-origin",
      { origin: "https://evil.test", secFetchSite: "same-origin" },
    ],
    ["from a hidden origin", { origin: "null" }],
    ["from a hidden origin that claims to be same-origin", { origin: "null", secFetchSite: "same-origin" }],
    ["with an empty origin", { origin: "", secFetchSite: "same-origin" }],
    ["from our host over http", { origin: "http://app.example.com" }],
    ["from our host on another port", { origin: "https://app.example.com:8443" }],
    ["from a host that begins like ours", { origin: "https://app.example.com.evil.test" }],
    ["from a host below ours", { origin: "https://user-content.app.example.com" }],
    ["with our origin and a path", { origin: `${OURS}/` }],
    ["with our origin twice", { origin: `${OURS}, ${OURS}` }],
    ["from a sibling site, on the browser's word", { secFetchSite: "same-site" }],
    ["from another site, on the browser's word", { secFetchSite: "cross-site" }],
    ["typed by the person", { secFetchSite: "none" }],
    ["whatever the method is", { method: "DELETE" }],
  ])("%s", (_name, claims) => expect(judge(claims)).toBe("refused"));
});

test.each(["GET", "HEAD", "OPTIONS"])("%s changes nothing and may come from anywhere", (method) => {
  expect(judge({ method, origin: "https://evil.test", secFetchSite: "cross-site" })).toBe("same");
});
