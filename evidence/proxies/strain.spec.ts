import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { expect } from "@playwright/test";
import { generateAccount } from "@/e2e/kit/accounts";
import { ask, type Door } from "./ask";
import { FRONTS, test } from "./fronts";
import { anyAddress } from "./visitor";

const TRICKLE_MILLISECONDS = 500;
const SECONDS_AT_MOST = 40;
const SLOW_ONES = 20;

const HEAD = "POST /api/trpc/auth.login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const TRICKLES = {
  "headers that never end": [HEAD, "X-Slow: 1\r\n"],
  "a body that never ends": [`${HEAD}Content-Length: 1000\r\n\r\n`, "{"],
  "chunks that never end": [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n{\r\n"],
} as const;

test("whoever sends a byte at a time is cut off, and keeps nobody else waiting", async ({ fronts, visit }) => {
  const slow = FRONTS.flatMap((front) =>
    Object.entries(TRICKLES).flatMap(([what, [head, more]]) =>
      Array.from({ length: SLOW_ONES }, async () => {
        const answer = await trickle(fronts.doors[front], head, more);
        expect([front, what, answer]).toEqual([front, what, expect.stringMatching(/^$|^HTTP\/1\.1 (4\d\d|50[234])/)]);
      }),
    ),
  );
  for (const front of FRONTS) {
    expect((await visit(front).page("/login")).status).toBe(200);
    expect((await visit(front).login(generateAccount())).status).toBe(401);
  }
  await Promise.all(slow);
});

for (const front of FRONTS) {
  test(`behind ${front} a body that is too large is refused, however it is announced`, async ({ fronts }) => {
    for (const kilobytes of [65, 200, 900]) {
      const body = Buffer.alloc(kilobytes * 1024, 32);
      for (const announced of ["length", "chunks"] as const) {
        const headers = [
          ["Content-Type", "application/json"],
          ["Origin", fronts.origins[front]],
        ] as const;
        const asked = { method: "POST", path: "/api/trpc/auth.login", headers, body, announced };
        const answer = await ask(fronts.doors[front], anyAddress(), asked);
        expect([kilobytes, announced, answer.status]).toEqual([kilobytes, announced, 413]);
      }
    }
  });
}

/** How the answer begins that comes when the other side has had enough; empty if it hangs up without one. */
function trickle(door: Door, head: string, more: string): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket =
      door.authority === null
        ? connect(door.port, "127.0.0.1")
        : connectSecurely({ port: door.port, host: "127.0.0.1", servername: "localhost", ca: door.authority });
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
