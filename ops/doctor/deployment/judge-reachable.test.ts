import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { judgeReachable, type LocalAppFacts } from "./judge-reachable";
import { response, deploymentFacts, failed, probeFacts } from "./testing";

test("reachability: a live and ready app is healthy", () => {
  expect(idsOf(judgeReachable(deploymentFacts(), null))).toEqual([]);
});

test.each([
  ["ENOTFOUND", /DNS/],
  ["ECONNREFUSED", /Start the app/],
  ["EPROTO", /certificate/],
  ["ABORT_ERR", /Start the app/],
])("reachability: the remedy for %s is %s", (code, todo) => {
  const group = judgeReachable(deploymentFacts({ live: failed(code), probes: null }), null);
  expect(idsOf(group)).toEqual(["✗ unreachable"]);
  expect(group.findings[0]?.todo).toMatch(todo);
});

test.each([
  [502, /The proxy is running/],
  [503, /The proxy is running/],
  [429, /returns 429/],
  [404, /returns 404/],
])("reachability: an unexpected status %i is reported", (status, says) => {
  const group = judgeReachable(deploymentFacts({ live: response(status), probes: null }), null);
  expect(idsOf(group)).toEqual(["✗ unreachable"]);
  expect(group.findings[0]?.says).toMatch(says);
});

test.each<[LocalAppFacts, RegExp]>([
  [{ port: 3000, state: "live" }, /The app responds on port 3000 of this machine: check the proxy/],
  [{ port: 3000, state: "unreachable" }, /Nothing responds on port 3000 of this machine either/],
])("reachability: distinguishes a stopped app from a broken route: %j", (near, todo) => {
  for (const live of [failed("ECONNREFUSED"), failed("ETIMEDOUT"), response(502)]) {
    expect(judgeReachable(deploymentFacts({ live, probes: null }), near).findings[0]?.todo).toMatch(todo);
  }
});

test("reachability: a container that cannot reach its proxy as localhost is only a warning", () => {
  const facts = deploymentFacts({ origin: new URL("https://localhost"), live: failed("ECONNREFUSED"), probes: null });
  expect(idsOf(judgeReachable(facts, { port: 3000, state: "live" }))).toEqual(["! unreachable-from-here"]);
  expect(idsOf(judgeReachable(facts, { port: 3000, state: "unreachable" }))).toEqual(["✗ unreachable"]);
});

test("reachability: a lost request id is a problem", () => {
  for (const live of [response(200, { "x-request-id": null }), response(200, { "x-request-id": "another" })]) {
    expect(idsOf(judgeReachable(deploymentFacts({ live }), null))).toEqual(["✗ request-id-lost"]);
  }
});

test.each([response(503), failed("ECONNRESET")])("reachability: live but not ready is a problem", (ready) => {
  expect(idsOf(judgeReachable(deploymentFacts({ probes: probeFacts({ ready }) }), null))).toEqual(["✗ not-ready"]);
});
