import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { sendRequest, type HttpRequest } from "@/evidence/http-client";
import { LoadBalancer, type NetworkFault } from "./load-balancer";
import { pause } from "@/evidence/pause";

const ADDRESS = "127.0.0.1";

/** An instance that says its name, and counts what reached it. */
async function instance(name: string) {
  const seen = { count: 0 };
  const server = createServer((_, response) => {
    seen.count += 1;
    response.setHeader("set-cookie", `from=${name}`);
    response.end(name.repeat(1000));
  });
  await once(server.listen(0, ADDRESS), "listening");
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, seen, close: () => server.close() };
}

async function before(ports: number[]) {
  const front = await LoadBalancer.open(ports, () => 0);
  onTestFinished(() => front.close());
  const cookies: string[] = [];
  const ask = (fate: NetworkFault = {}, given: Partial<HttpRequest> = {}) =>
    sendRequest({
      method: "GET",
      path: "/",
      headers: {},
      port: front.port,
      localAddress: ADDRESS,
      timeoutMilliseconds: 2000,
      onConnect: (port) => front.setFault(ADDRESS, port, fate),
      onHead: (received) => cookies.push(...received),
      ...given,
    });
  return { ask, cookies };
}

test("a connection goes to another instance when its own is down", async () => {
  const [down, up] = [await instance("a"), await instance("b")];
  down.close();
  const { ask } = await before([down.port, up.port]);
  expect(await ask()).toMatchObject({ kind: "answered", status: 200, body: "b".repeat(1000) });
  expect(await ask({ instancePort: down.port })).toMatchObject({ kind: "lost" });
});

test("a lost outcome is lost after the work was done; a lost request before it began", async () => {
  const { port, seen } = await instance("a");
  const { ask, cookies } = await before([port]);
  expect(await ask({ deliversResponse: async () => false })).toMatchObject({ kind: "lost" });
  expect(seen.count).toBe(1);
  expect(await ask({ dropsRequest: true })).toMatchObject({ kind: "lost" });
  expect(seen.count).toBe(1);
  expect(cookies).toEqual([]);
});

test("a delayed reply arrives whole, late, and with its cookies", async () => {
  const { port } = await instance("a");
  const { ask, cookies } = await before([port]);
  const deliversResponse = () => pause(200).then(() => true);
  const outcome = await ask({ deliversResponse });
  expect(outcome).toMatchObject({ kind: "answered", body: "a".repeat(1000) });
  expect(outcome.milliseconds).toBeGreaterThan(190);
  expect(cookies).toEqual(["from=a"]);
});

test("what arrives after a request's life is not received, nor is anything by who hung up", async () => {
  const { port, seen } = await instance("a");
  const { ask, cookies } = await before([port]);
  const deliversResponse = () => pause(1500).then(() => true);
  expect(await ask({ deliversResponse }, { timeoutMilliseconds: 500 })).toMatchObject({ kind: "lost", why: "timeout" });
  expect(await ask({ deliversResponse }, { abortAfterMilliseconds: 500 })).toMatchObject({
    kind: "lost",
    why: "aborted",
  });
  expect(seen.count).toBe(2);
  expect(cookies).toEqual([]);
});
