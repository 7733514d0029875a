import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { expect } from "@playwright/test";
import { generateAccount } from "@/e2e/kit/accounts";
import { fetchResponse, type Endpoint } from "@/evidence/http-client";
import { PROXY_SETUPS, test } from "./proxy-setups";
import { randomLoopbackAddress } from "./client";

const TRICKLE_MILLISECONDS = 500;
const SECONDS_AT_MOST = 40;
const SLOW_CLIENTS = 20;

const HEAD = "POST /api/trpc/auth.login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const TRICKLES = {
  "headers that never end": [HEAD, "X-Slow: 1\r\n"],
  "a body that never ends": [`${HEAD}Content-Length: 1000\r\n\r\n`, "{"],
  "chunks that never end": [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n{\r\n"],
} as const;

test("slow requests are cut off and do not delay other clients", async ({ proxies, newClient }) => {
  const slow = PROXY_SETUPS.flatMap((setup) =>
    Object.entries(TRICKLES).flatMap(([what, [head, more]]) =>
      Array.from({ length: SLOW_CLIENTS }, async () => {
        const response = await trickle(proxies.endpoints[setup], head, more);
        expect([setup, what, response]).toEqual([setup, what, expect.stringMatching(/^$|^HTTP\/1\.1 (4\d\d|50[234])/)]);
      }),
    ),
  );
  for (const setup of PROXY_SETUPS) {
    expect((await newClient(setup).page("/login")).status).toBe(200);
    expect((await newClient(setup).login(generateAccount())).status).toBe(401);
  }
  await Promise.all(slow);
});

for (const setup of PROXY_SETUPS) {
  test(`behind ${setup} a body that is too large is refused with Content-Length and with chunks`, async ({
    proxies,
  }) => {
    for (const kilobytes of [65, 200, 900]) {
      const body = Buffer.alloc(kilobytes * 1024, 32);
      for (const framing of ["length", "chunks"] as const) {
        const response = await fetchResponse({
          ...proxies.endpoints[setup],
          localAddress: randomLoopbackAddress(),
          method: "POST",
          path: "/api/trpc/auth.login",
          headers: { "content-type": "application/json", origin: proxies.origins[setup] },
          body,
          framing,
        });
        expect([kilobytes, framing, response.status]).toEqual([kilobytes, framing, 413]);
      }
    }
  });
}

/** The status line of the response to a slow request; empty if the connection is closed without one. */
function trickle(endpoint: Endpoint, head: string, more: string): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket =
      endpoint.caCertificate == null
        ? connect(endpoint.port, "127.0.0.1")
        : connectSecurely({
            port: endpoint.port,
            host: "127.0.0.1",
            servername: "localhost",
            ca: endpoint.caCertificate,
          });
    const settle = (outcome: string) => {
      clearInterval(drip);
      clearTimeout(tooLong);
      socket.destroy();
      resolve(outcome);
    };
    socket.write(head);
    const drip = setInterval(() => socket.write(more), TRICKLE_MILLISECONDS);
    const tooLong = setTimeout(() => settle(`still open after ${SECONDS_AT_MOST} s`), SECONDS_AT_MOST * 1000);
    socket.once("data", (chunk: Buffer) => settle(chunk.toString("latin1").split("\r\n", 1)[0] ?? ""));
    socket.once("close", () => settle("")).on("error", () => {});
  });
}
