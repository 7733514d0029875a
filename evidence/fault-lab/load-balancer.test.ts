import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { exchange, type Request } from "@/evidence/http-client";
import { Front, type Fate } from "./load-balancer";
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
  const front = await Front.open(ports, () => 0);
  onTestFinished(() => front.close());
  const cookies: string[] = [];
  const ask = (fate: Fate = {}, given: Partial<Request> = {}) =>
    exchange({
      method: "GET",
      path: "/",
      headers: {},
      port: front.port,
      address: ADDRESS,
      lifeMilliseconds: 2000,
      onConnect: (port) => front.destine(ADDRESS, port, fate),
      onHead: (received) => cookies.push(...received),
      ...given,
    });
  return { ask, cookies };
}

test("a connection goes to another instance when its own is down", async () => {
  const [down, up] = [await instance("a"), await instance("b")];
  down.close();
  const { ask } = await before([down.port, up.port]);
  expect(await ask()).toMatchObject({ kind: "answered", status: 200, text: "b".repeat(1000) });
  expect(await ask({ only: down.port })).toMatchObject({ kind: "lost" });
});

test("a lost reply is lost after the work was done; a lost request before it began", async () => {
  const { port, seen } = await instance("a");
  const { ask, cookies } = await before([port]);
  expect(await ask({ judgeReply: async () => false })).toMatchObject({ kind: "lost" });
  expect(seen.count).toBe(1);
  expect(await ask({ losesRequest: true })).toMatchObject({ kind: "lost" });
  expect(seen.count).toBe(1);
  expect(cookies).toEqual([]);
});

test("a delayed reply arrives whole, late, and with its cookies", async () => {
  const { port } = await instance("a");
  const { ask, cookies } = await before([port]);
  const judgeReply = () => pause(200).then(() => true);
  const reply = await ask({ judgeReply });
  expect(reply).toMatchObject({ kind: "answered", text: "a".repeat(1000) });
  expect(reply.milliseconds).toBeGreaterThan(190);
  expect(cookies).toEqual(["from=a"]);
});

test("what arrives after a request's life is not received, nor is anything by who hung up", async () => {
  const { port, seen } = await instance("a");
  const { ask, cookies } = await before([port]);
  const judgeReply = () => pause(1500).then(() => true);
  expect(await ask({ judgeReply }, { lifeMilliseconds: 500 })).toMatchObject({ kind: "lost", why: "late" });
  expect(await ask({ judgeReply }, { hangUpAfterMilliseconds: 500 })).toMatchObject({ kind: "lost", why: "hung up" });
  expect(seen.count).toBe(2);
  expect(cookies).toEqual([]);
});
