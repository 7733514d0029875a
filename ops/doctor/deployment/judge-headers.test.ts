import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { securityHeaders } from "@/server/http/security-headers";
import { judgeHeaders } from "./judge-headers";
import { response, deploymentFacts, failed, ORIGIN, page, probeFacts, redirectToLogin } from "./testing";

type Headers = Record<string, string | string[] | null>;
const judge = (live: Headers, login: Headers = {}, home: Headers = {}) =>
  judgeHeaders(
    deploymentFacts({ live: response(200, live) }),
    probeFacts({ login: [page(login), page()], home: [redirectToLogin(home), redirectToLogin()] }),
  );

test("headers: unchanged headers are healthy", () => {
  expect(idsOf(judge({}))).toEqual([]);
});

test.each([
  "x-content-type-options",
  "x-frame-options",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "referrer-policy",
  "permissions-policy",
  "strict-transport-security",
])("headers: %s is a problem if missing, duplicated or changed", (name) => {
  const own = securityHeaders(ORIGIN.origin, false).always.find(([one]) => one.toLowerCase() === name)?.[1] ?? "";
  for (const value of [null, [own, own], "unsafe"]) {
    const ids = [`✗ header-${name}`];
    expect(idsOf(judge({ [name]: value }))).toEqual(ids);
    expect(idsOf(judge({}, { [name]: value }))).toEqual(ids);
    expect(idsOf(judge({}, {}, { [name]: value }))).toEqual(ids);
  }
});

test("headers: a value merged with the proxy's is a problem", () => {
  expect(idsOf(judge({ "x-frame-options": "DENY, SAMEORIGIN" }))).toEqual(["✗ header-x-frame-options"]);
});

test.each([
  ["max-age=63072000; includeSubDomains; preload", []],
  ["max-age=300", ["✗ header-strict-transport-security"]],
  ["max-age=0", ["✗ header-strict-transport-security"]],
])("headers: HSTS max-age may be longer, not shorter: %s", (value, ids) => {
  expect(idsOf(judge({ "strict-transport-security": value }))).toEqual(ids);
});

test("headers: no HSTS on localhost", () => {
  const local = deploymentFacts({
    origin: new URL("http://localhost:3000"),
    live: response(200, { "strict-transport-security": null }),
  });
  expect(idsOf(judgeHeaders(local, probeFacts()))).toEqual([]);
});

test("headers: a policy that does not match the page is a problem", () => {
  expect(idsOf(judge({}, { "content-security-policy": null }))).toEqual(["✗ page-policy"]);
  expect(
    idsOf(judge({}, { "content-security-policy": ["script-src 'nonce-bm9uY2U='", "default-src 'self'"] })),
  ).toEqual(["✗ page-policy"]);
  const probes = probeFacts({ login: [page({}, "an older page's nonce"), page()] });
  expect(idsOf(judgeHeaders(deploymentFacts(), probes))).toEqual(["✗ page-policy"]);
});

test("headers: a Content-Encoding that does not match the body is a problem", () => {
  expect(idsOf(judge({}, { "content-encoding": "br" }))).toEqual(["✗ compression-broken"]);
  expect(idsOf(judge({}, { "content-encoding": null }))).toEqual(["✗ page-policy"]);
});

test("headers: a login page that does not respond is a problem", () => {
  const probes = probeFacts({ login: [failed("ECONNRESET"), page()] });
  expect(idsOf(judgeHeaders(deploymentFacts(), probes))).toEqual(["✗ no-login"]);
});

test.each<[Headers, string[]]>([
  [{ "x-powered-by": "Next.js" }, ["! leaks-powered-by"]],
  [{ server: "nginx/1.18.0 (Ubuntu)" }, ["! leaks-server"]],
  [{ server: "Caddy" }, []],
])("headers with software names: %j", (headers, ids) => {
  expect(idsOf(judge(headers))).toEqual(ids);
});
