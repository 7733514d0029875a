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

test("the entry itself is healthy", async () => {
  expect(await findAt(await entryWith(0))).toEqual([]);
});

test("behind a proxy that is counted it is healthy, whatever the proxy does with what clients claim", async () => {
  for (const forwardedFor of ["appends", "replaces"] as const) {
    expect(await findAt(await startProxy([await entryWith(1)], { forwardedFor })), forwardedFor).toEqual([]);
  }
});

test("three instances in turn do not look like a client that chooses its address", async () => {
  const ports = await Promise.all([entryWith(1), entryWith(1), entryWith(1)]);
  expect(await findAt(await startProxy(ports, { forwardedFor: "replaces" }))).toEqual([]);
});

test("counting a proxy that is not there lets a client choose its address", async () => {
  expect(await findAt(await entryWith(1))).toEqual(["✗ address-chosen"]);
  expect(await findAt(await startProxy([await entryWith(2)], { forwardedFor: "appends" }))).toEqual([
    "✗ address-chosen",
  ]);
});

test("a cache in front of it is found", async () => {
  const port = await startProxy([await entryWith(1)], { forwardedFor: "replaces", caches: true });
  expect(await findAt(port)).toEqual(expect.arrayContaining(["✗ kept-by-a-cache"]));
});

test("where nobody listens, and where somebody else does, that is all there is to say", async () => {
  expect(await findAt(9)).toEqual(["✗ unreachable"]);
  const { server } = await startEntry((_request, response) => void response.writeHead(404).end());
  expect(await findAt((server.address() as AddressInfo).port)).toEqual(["✗ unreachable"]);
});
