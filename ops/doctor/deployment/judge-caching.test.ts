import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { ProbeResult } from "./http-client";
import { judgeCaching } from "./judge-caching";
import { failed, page, probeFacts, redirectToLogin } from "./testing";

const judge = (
  login: [ProbeResult, ProbeResult],
  home: [ProbeResult, ProbeResult] = [redirectToLogin(), redirectToLogin()],
) => idsOf(judgeCaching(probeFacts({ login, home })));

test("caching: fresh responses are healthy", () => {
  expect(judge([page(), page()])).toEqual([]);
});

test("caching: two responses with one request id come from a cache", () => {
  const kept = page();
  expect(judge([kept, kept])).toEqual(["✗ kept-by-a-cache"]);
  const home = redirectToLogin();
  expect(judge([page(), page()], [home, home])).toEqual(["✗ kept-by-a-cache"]);
});

test.each<Record<string, string>>([
  { age: "3" },
  { age: "0" },
  { "x-cache": "HIT from edge" },
  { "cf-cache-status": "HIT" },
  { "x-cache-status": "hit" },
])("caching: %j indicates a cache", (headers) => {
  expect(judge([page(), page(headers)])).toEqual(["✗ kept-by-a-cache"]);
  expect(judge([page(headers), page()])).toEqual(["✗ kept-by-a-cache"]);
});

test.each<Record<string, string>>([{ "x-cache": "Miss from cloudfront" }, { "cf-cache-status": "DYNAMIC" }])(
  "a cache that passes on, %j, is fine",
  (headers) => {
    expect(judge([page(headers), page(headers)])).toEqual([]);
  },
);

test.each([null, "no-cache", "private", "no-store", "public, max-age=60", "private, no-store, s-maxage=60"])(
  "caching: Cache-Control: %s allows a shared cache",
  (control) => {
    expect(judge([page({ "cache-control": control }), page()])).toEqual(["✗ cacheable"]);
    expect(judge([page(), page()], [redirectToLogin({ "cache-control": control }), redirectToLogin()])).toEqual([
      "✗ cacheable",
    ]);
  },
);

test("caching: a cookie on a request without cookies is a problem", () => {
  expect(judge([page({ "set-cookie": "__Host-__acc=x" }), page()])).toEqual(["✗ strangers-cookie"]);
});

test("caching: failed requests are not reported", () => {
  expect(judge([failed("ECONNRESET"), page()])).toEqual([]);
});
