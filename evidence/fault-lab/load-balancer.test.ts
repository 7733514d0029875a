import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { sendRequest, type HttpRequest } from "@/evidence/http-client";
import { pause } from "@/evidence/pause";
import { LoadBalancer, type NetworkFault } from "./load-balancer";

const ADDRESS = "127.0.0.1";

/** A server that responds with its name and counts requests. */
async function startServer(name: string) {
  const received = { count: 0 };
  const server = createServer((_, response) => {
    received.count += 1;
    response.setHeader("set-cookie", `from=${name}`);
    response.end(name.repeat(1000));
  });
  await once(server.listen(0, ADDRESS), "listening");
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, received, close: () => server.close() };
}

async function startBalancer(ports: number[]) {
  const balancer = await LoadBalancer.open(ports, () => 0);
  onTestFinished(() => balancer.close());
  const cookies: string[] = [];
  const send = (fault: NetworkFault = {}, given: Partial<HttpRequest> = {}) =>
    sendRequest({
      method: "GET",
      path: "/",
      headers: {},
      port: balancer.port,
      localAddress: ADDRESS,
      timeoutMilliseconds: 2000,
      onConnect: (port) => balancer.setFault(ADDRESS, port, fault),
      onHead: (received) => cookies.push(...received),
      ...given,
    });
  return { send, cookies };
}

test("load balancer: forwards a connection to the other instance if the chosen one is down", async () => {
  const [down, up] = [await startServer("a"), await startServer("b")];
  down.close();
  const { send } = await startBalancer([down.port, up.port]);
  expect(await send()).toMatchObject({ kind: "answered", status: 200, body: "b".repeat(1000) });
  expect(await send({ instancePort: down.port })).toMatchObject({ kind: "lost" });
});

test("load balancer: drops a response after the work was done and a request before it began", async () => {
  const { port, received } = await startServer("a");
  const { send, cookies } = await startBalancer([port]);
  expect(await send({ deliversResponse: async () => false })).toMatchObject({ kind: "lost" });
  expect(received.count).toBe(1);
  expect(await send({ dropsRequest: true })).toMatchObject({ kind: "lost" });
  expect(received.count).toBe(1);
  expect(cookies).toEqual([]);
});

test("load balancer: delivers a delayed response completely and with its cookies", async () => {
  const { port } = await startServer("a");
  const { send, cookies } = await startBalancer([port]);
  const deliversResponse = () => pause(200).then(() => true);
  const outcome = await send({ deliversResponse });
  expect(outcome).toMatchObject({ kind: "answered", body: "a".repeat(1000) });
  expect(outcome.milliseconds).toBeGreaterThan(190);
  expect(cookies).toEqual(["from=a"]);
});

test("HTTP client: receives no cookie after its timeout or after it aborted", async () => {
  const { port, received } = await startServer("a");
  const { send, cookies } = await startBalancer([port]);
  const deliversResponse = () => pause(1500).then(() => true);
  expect(await send({ deliversResponse }, { timeoutMilliseconds: 500 })).toMatchObject({
    kind: "lost",
    why: "timeout",
  });
  expect(await send({ deliversResponse }, { abortAfterMilliseconds: 500 })).toMatchObject({
    kind: "lost",
    why: "aborted",
  });
  expect(received.count).toBe(2);
  expect(cookies).toEqual([]);
});
