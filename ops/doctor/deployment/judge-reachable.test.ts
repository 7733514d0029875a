import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { judgeReachable, type LocalAppFacts } from "./judge-reachable";
import { response, deploymentFacts, failed, probeFacts } from "./testing";

test("what is live and ready is healthy", () => {
  expect(idsOf(judgeReachable(deploymentFacts(), null))).toEqual([]);
});

test.each([
  ["ENOTFOUND", /DNS/],
  ["ECONNREFUSED", /Start the app/],
  ["EPROTO", /certificate/],
  ["ABORT_ERR", /Start the app/],
])("a deployment that does not answer (%s): what to do is %s", (code, todo) => {
  const group = judgeReachable(deploymentFacts({ live: failed(code), probes: null }), null);
  expect(idsOf(group)).toEqual(["✗ unreachable"]);
  expect(group.findings[0]?.todo).toMatch(todo);
});

test.each([
  [502, /The proxy is up/],
  [503, /The proxy is up/],
  [429, /answers 429/],
  [404, /answers 404/],
])("an answer of somebody else, %i, is told", (status, says) => {
  const group = judgeReachable(deploymentFacts({ live: response(status), probes: null }), null);
  expect(idsOf(group)).toEqual(["✗ unreachable"]);
  expect(group.findings[0]?.says).toMatch(says);
});

test.each<[LocalAppFacts, RegExp]>([
  [{ port: 3000, state: "live" }, /The app itself answers on port 3000 here: look at the proxy/],
  [{ port: 3000, state: "silent" }, /Nothing answers on port 3000 here either/],
])("whether the app or the way to it is broken: %j", (near, todo) => {
  for (const live of [failed("ECONNREFUSED"), failed("ETIMEDOUT"), response(502)]) {
    expect(judgeReachable(deploymentFacts({ live, probes: null }), near).findings[0]?.todo).toMatch(todo);
  }
});

test("a container that cannot reach its own proxy by the name of localhost is no problem", () => {
  const facts = deploymentFacts({ origin: new URL("https://localhost"), live: failed("ECONNREFUSED"), probes: null });
  expect(idsOf(judgeReachable(facts, { port: 3000, state: "live" }))).toEqual(["! unreachable-from-here"]);
  expect(idsOf(judgeReachable(facts, { port: 3000, state: "silent" }))).toEqual(["✗ unreachable"]);
});

test("a request id that gets lost is a problem", () => {
  for (const live of [response(200, { "x-request-id": null }), response(200, { "x-request-id": "another" })]) {
    expect(idsOf(judgeReachable(deploymentFacts({ live }), null))).toEqual(["✗ request-id-lost"]);
  }
});

test.each([response(503), failed("ECONNRESET")])("live without being ready is a problem", (ready) => {
  expect(idsOf(judgeReachable(deploymentFacts({ probes: probeFacts({ ready }) }), null))).toEqual(["✗ not-ready"]);
});
