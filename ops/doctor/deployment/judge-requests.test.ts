import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { RestFacts } from "./examine-deployment";
import { judgeRequests } from "./judge-requests";
import { answered, deploymentFacts, failed, restFacts, toLogin } from "./testing";

const judge = (changes: Partial<RestFacts>) => idsOf(judgeRequests(deploymentFacts(), restFacts(changes)));
const elsewhere = (location: string) => toLogin({ location });

test("a deployment that refuses what it should is healthy", () => {
  expect(judge({})).toEqual([]);
});

test.each<[string, Partial<RestFacts>, string[]]>([
  ["an absolute redirect to the origin", { home: [elsewhere("https://app.example.com/login"), toLogin()] }, []],
  ["a private page for a stranger", { home: [answered(200), toLogin()] }, ["✗ private-page"]],
  ["a private page that hangs", { home: [failed("ABORT_ERR"), toLogin()] }, ["✗ private-page"]],
  ["a redirect to the inner name", { home: [elsewhere("http://app:3000/login"), toLogin()] }, ["✗ private-page"]],
  ["a redirect by http", { home: [elsewhere("http://app.example.com/login"), toLogin()] }, ["✗ private-page"]],
  ["a redirect somewhere else", { home: [elsewhere("/maintenance?status=503"), toLogin()] }, ["✗ private-page"]],
  ["a header that goes past the middleware", { pastMiddleware: answered(200) }, ["✗ past-middleware"]],
  ["a claimed host in a redirect", { claimedHost: elsewhere("https://doctor.invalid/login") }, ["✗ host-reflected"]],
  ["a foreign host in a redirect", { foreignHost: elsewhere("https://doctor.invalid/login") }, ["✗ host-reflected"]],
  ["a foreign host in a page", { foreignHost: answered(404, {}, "no doctor.invalid here") }, ["✗ host-reflected"]],
  ["a foreign host that nobody answers for", { foreignHost: failed("ECONNRESET") }, []],
  ["PUT that is taken", { put: answered(200) }, ["✗ method-taken"]],
  ["TRACE that is taken", { trace: answered(200) }, ["✗ method-taken"]],
  ["TRACE that is refused, and echoes", { trace: answered(405, {}, "traced-by-the-doctor") }, ["✗ method-taken"]],
  ["a large body that is read", { largeBody: answered(403) }, ["! large-body"]],
  ["a large body that is hung up on", { largeBody: failed("EPIPE") }, []],
  ["http that answers", { plain: answered(200) }, ["✗ http-answers"]],
  [
    "http that leads to another host",
    { plain: answered(301, { location: "https://www.example.com/" }) },
    ["✗ http-answers"],
  ],
  ["http that leads to http", { plain: answered(301, { location: "/login" }) }, ["✗ http-answers"]],
  ["http where nobody listens", { plain: failed("ECONNREFUSED") }, []],
])("%s: %j", (_, changes, ids) => {
  expect(judge(changes)).toEqual(ids);
});
