import { describe, expect, test, vi } from "vitest";
import { requestState } from "@/server/runtime/request-state";
import { startEntry } from "./testing";

describe("invalid HTTP: the response says what to do", () => {
  const head = "GET / HTTP/1.1\r\nHost: a\r\n";
  test.each<[number, string, string, RegExp]>([
    [400, "a line that is not HTTP", "garbage\r\n\r\n", /could not be read/],
    [405, "CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", /not a proxy/],
    [414, "an endless URL", `GET /${"a".repeat(20_000)}`, /address is too long/],
    [414, "a long URL", `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, /address is too long/],
    [417, "an unknown Expect header", `${head}Expect: more\r\n\r\n`, /Expect header/],
    [
      431,
      "cookies that are too large",
      `${head}Cookie: ${"a".repeat(20_000)}\r\n\r\n`,
      /Delete the cookies of this site/,
    ],
    [505, "HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", /Use HTTP\/1\.1/],
    [505, "HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", /Use HTTP\/1\.1/],
    [505, "HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", /Use HTTP\/1\.1/],
    [505, "HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", /Use HTTP\/1\.1/],
    [505, "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /Use HTTP\/1\.1/],
    [
      413,
      "chunk extensions",
      `POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;${"a".repeat(20_000)}`,
      /too large/,
    ],
  ])("invalid HTTP: %i for %s", async (status, _name, bytes, words) => {
    const app = vi.fn();
    const entry = await startEntry(app);
    entry.server.keepAliveTimeout = 200;
    const reply = await entry.sendRaw(bytes);
    expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(reply).toMatch(words);
    for (const header of ["X-Request-Id: ", "X-Content-Type-Options: nosniff", "Content-Security-Policy: "]) {
      expect(reply.toLowerCase()).toContain(`\r\n${header.toLowerCase()}`);
    }
    expect(app).not.toHaveBeenCalled();
  });
});

test("invalid HTTP: the log line does not name the session of the previous request of the connection", async () => {
  const entry = await startEntry(async (_request, response) => {
    Object.assign(requestState.getStore()!, { sessionId: "a session", userId: "a user" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    response.end();
  });
  await entry.sendRaw("GET / HTTP/1.1\r\nHost: localhost:3000\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
  const lineOf = (message: string) => entry.logLines.find(({ msg }) => msg === message);
  expect(lineOf("request")).toMatchObject({ sessionId: "a session", userId: "a user" });
  expect(lineOf("unreadable request")).toMatchObject({ cause: "CONNECT" });
  expect(lineOf("unreadable request")).not.toHaveProperty("sessionId");
  expect(lineOf("unreadable request")).not.toHaveProperty("userId");
});
