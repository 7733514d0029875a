import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { ProbeFacts } from "./examine-deployment";
import { judgeRequests } from "./judge-requests";
import { response, deploymentFacts, failed, probeFacts, redirectToLogin } from "./testing";

const judge = (changes: Partial<ProbeFacts>) => idsOf(judgeRequests(deploymentFacts(), probeFacts(changes)));
const elsewhere = (location: string) => redirectToLogin({ location });

test("a deployment that refuses what it should is healthy", () => {
  expect(judge({})).toEqual([]);
});

test.each<[string, Partial<ProbeFacts>, string[]]>([
  ["an absolute redirect to the origin", { home: [elsewhere("https://app.example.com/login"), redirectToLogin()] }, []],
  ["a private page for a stranger", { home: [response(200), redirectToLogin()] }, ["✗ private-page"]],
  ["a private page that hangs", { home: [failed("ABORT_ERR"), redirectToLogin()] }, ["✗ private-page"]],
  [
    "a redirect to the inner name",
    { home: [elsewhere("http://app:3000/login"), redirectToLogin()] },
    ["✗ private-page"],
  ],
  ["a redirect by http", { home: [elsewhere("http://app.example.com/login"), redirectToLogin()] }, ["✗ private-page"]],
  [
    "a redirect somewhere else",
    { home: [elsewhere("/maintenance?status=503"), redirectToLogin()] },
    ["✗ private-page"],
  ],
  ["a header that goes past the middleware", { middlewareBypass: response(200) }, ["✗ past-middleware"]],
  ["a claimed host in a redirect", { forwardedHost: elsewhere("https://doctor.invalid/login") }, ["✗ host-reflected"]],
  ["a foreign host in a redirect", { foreignHost: elsewhere("https://doctor.invalid/login") }, ["✗ host-reflected"]],
  ["a foreign host in a page", { foreignHost: response(404, {}, "no doctor.invalid here") }, ["✗ host-reflected"]],
  ["a foreign host that nobody answers for", { foreignHost: failed("ECONNRESET") }, []],
  ["PUT that is taken", { put: response(200) }, ["✗ method-taken"]],
  ["TRACE that is taken", { trace: response(200) }, ["✗ method-taken"]],
  ["TRACE that is refused, and echoes", { trace: response(405, {}, "traced-by-the-doctor") }, ["✗ method-taken"]],
  ["a large body that is read", { largeBody: response(403) }, ["! large-body"]],
  ["a large body that is hung up on", { largeBody: failed("EPIPE") }, []],
  ["http that answers", { plainHttp: response(200) }, ["✗ http-answers"]],
  [
    "http that leads to another host",
    { plainHttp: response(301, { location: "https://www.example.com/" }) },
    ["✗ http-answers"],
  ],
  ["http that leads to http", { plainHttp: response(301, { location: "/login" }) }, ["✗ http-answers"]],
  ["http where nobody listens", { plainHttp: failed("ECONNREFUSED") }, []],
])("%s: %j", (_, changes, ids) => {
  expect(judge(changes)).toEqual(ids);
});
