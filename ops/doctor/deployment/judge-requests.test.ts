import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { ProbeFacts } from "./examine-deployment";
import { judgeRequests } from "./judge-requests";
import { response, deploymentFacts, failed, probeFacts, redirectToLogin } from "./testing";

const judge = (changes: Partial<ProbeFacts>) => idsOf(judgeRequests(deploymentFacts(), probeFacts(changes)));
const elsewhere = (location: string) => redirectToLogin({ location });

test("requests: a deployment that refuses invalid requests is healthy", () => {
  expect(judge({})).toEqual([]);
});

test.each<[string, Partial<ProbeFacts>, string[]]>([
  ["an absolute redirect to the origin", { home: [elsewhere("https://app.example.com/login"), redirectToLogin()] }, []],
  ["a private page without login", { home: [response(200), redirectToLogin()] }, ["✗ private-page"]],
  ["a private page that times out", { home: [failed("ABORT_ERR"), redirectToLogin()] }, ["✗ private-page"]],
  [
    "a redirect to the internal host name",
    { home: [elsewhere("http://app:3000/login"), redirectToLogin()] },
    ["✗ private-page"],
  ],
  ["a redirect to http", { home: [elsewhere("http://app.example.com/login"), redirectToLogin()] }, ["✗ private-page"]],
  [
    "a redirect to another page",
    { home: [elsewhere("/maintenance?status=503"), redirectToLogin()] },
    ["✗ private-page"],
  ],
  ["a header that bypasses the middleware", { middlewareBypass: response(200) }, ["✗ past-middleware"]],
  [
    "a forged X-Forwarded-Host in a redirect",
    { forwardedHost: elsewhere("https://doctor.invalid/login") },
    ["✗ host-reflected"],
  ],
  ["a foreign host in a redirect", { foreignHost: elsewhere("https://doctor.invalid/login") }, ["✗ host-reflected"]],
  ["a foreign host in a page", { foreignHost: response(404, {}, "no doctor.invalid here") }, ["✗ host-reflected"]],
  ["a foreign host without a response", { foreignHost: failed("ECONNRESET") }, []],
  ["PUT that is accepted", { put: response(200) }, ["✗ method-taken"]],
  ["TRACE that is accepted", { trace: response(200) }, ["✗ method-taken"]],
  [
    "TRACE that is refused but echoes the request",
    { trace: response(405, {}, "doctor-trace-marker") },
    ["✗ method-taken"],
  ],
  ["a large body that is accepted", { largeBody: response(403) }, ["! large-body"]],
  ["a large body that closes the connection", { largeBody: failed("EPIPE") }, []],
  ["http without a redirect", { plainHttp: response(200) }, ["✗ http-answers"]],
  [
    "http that leads to another host",
    { plainHttp: response(301, { location: "https://www.example.com/" }) },
    ["✗ http-answers"],
  ],
  ["http that leads to http", { plainHttp: response(301, { location: "/login" }) }, ["✗ http-answers"]],
  ["http without a listener", { plainHttp: failed("ECONNREFUSED") }, []],
])("requests: %s: %j", (_, changes, ids) => {
  expect(judge(changes)).toEqual(ids);
});
