import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { ProbeResult } from "./http-client";
import { judgeCaching } from "./judge-caching";
import { failed, page, probeFacts, redirectToLogin } from "./testing";

const judge = (
  login: [ProbeResult, ProbeResult],
  home: [ProbeResult, ProbeResult] = [redirectToLogin(), redirectToLogin()],
) => idsOf(judgeCaching(probeFacts({ login, home })));

test("answers that are made anew are healthy", () => {
  expect(judge([page(), page()])).toEqual([]);
});

test("one answer to two requests was kept", () => {
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
])("a cache that says so, %j, is believed", (headers) => {
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
  "Cache-Control: %s may be kept by somebody",
  (control) => {
    expect(judge([page({ "cache-control": control }), page()])).toEqual(["✗ cacheable"]);
    expect(judge([page(), page()], [redirectToLogin({ "cache-control": control }), redirectToLogin()])).toEqual([
      "✗ cacheable",
    ]);
  },
);

test("a cookie for a stranger is somebody else's", () => {
  expect(judge([page({ "set-cookie": "__Host-__acc=x" }), page()])).toEqual(["✗ strangers-cookie"]);
});

test("what did not answer was not kept", () => {
  expect(judge([failed("ECONNRESET"), page()])).toEqual([]);
});
