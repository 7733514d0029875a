import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { startEntry } from "@/server/http/testing";
import { idsOf } from "@/ops/doctor/testing";
import { examineDeployment } from "./examine-deployment";
import { judgeAddresses } from "./judge-addresses";
import { judgeCaching } from "./judge-caching";
import { judgeCookies } from "./judge-cookies";
import { judgeHeaders } from "./judge-headers";
import { judgeReachable } from "./judge-reachable";
import { judgeRequests } from "./judge-requests";
import { respondLikeTheApp, startProxy } from "./testing-servers";

async function entryWith(trustedProxyHops: number): Promise<number> {
  const { server } = await startEntry(respondLikeTheApp, { TRUSTED_PROXY_HOPS: trustedProxyHops });
  return (server.address() as AddressInfo).port;
}

/** Everything that is found by asking at that port. */
async function findAt(port: number): Promise<string[]> {
  const facts = await examineDeployment(new URL(`http://127.0.0.1:${port}`));
  if (facts.probes === null) return idsOf(judgeReachable(facts, null));
  const { probes } = facts;
  return [
    judgeReachable(facts, null),
    judgeCookies(facts, probes),
    judgeHeaders(facts, probes),
    judgeCaching(probes),
    judgeRequests(facts, probes),
    judgeAddresses(probes, null, true),
  ].flatMap(idsOf);
}

test("examine deployment: the entry is healthy", async () => {
  expect(await findAt(await entryWith(0))).toEqual([]);
});

test("examine deployment: healthy behind a counted proxy that appends or replaces X-Forwarded-For", async () => {
  for (const forwardedFor of ["appends", "replaces"] as const) {
    expect(await findAt(await startProxy([await entryWith(1)], { forwardedFor })), forwardedFor).toEqual([]);
  }
});

test("examine deployment: three round-robin instances are not mistaken for a chosen address", async () => {
  const ports = await Promise.all([entryWith(1), entryWith(1), entryWith(1)]);
  expect(await findAt(await startProxy(ports, { forwardedFor: "replaces" }))).toEqual([]);
});

test("examine deployment: counting a missing proxy lets a client choose its address", async () => {
  expect(await findAt(await entryWith(1))).toEqual(["✗ address-chosen"]);
  expect(await findAt(await startProxy([await entryWith(2)], { forwardedFor: "appends" }))).toEqual([
    "✗ address-chosen",
  ]);
});

test("examine deployment: detects a cache", async () => {
  const port = await startProxy([await entryWith(1)], { forwardedFor: "replaces", caches: true });
  expect(await findAt(port)).toEqual(expect.arrayContaining(["✗ kept-by-a-cache"]));
});

test("examine deployment: reports one finding if no server, or another server, responds", async () => {
  expect(await findAt(9)).toEqual(["✗ unreachable"]);
  const { server } = await startEntry((_request, response) => void response.writeHead(404).end());
  expect(await findAt((server.address() as AddressInfo).port)).toEqual(["✗ unreachable"]);
});
