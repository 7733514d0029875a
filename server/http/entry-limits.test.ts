import { describe, expect, test, vi } from "vitest";
import { onUndeliveredResponse, recordQuota } from "@/server/runtime/request-state";
import type { Quota } from "@/server/runtime/request-state";
import { sleep, startEntry } from "./testing";

const GRACE = { REFRESH_GRACE_SECONDS: 0.4 };

describe("request timeout: half the grace window", () => {
  test("request timeout: responds with 503 and Retry-After, without the cookies of the app", async () => {
    const entry = await startEntry((_request, response) => {
      response.setHeader("Set-Cookie", "__ref=late");
      response.setHeader("Content-Encoding", "gzip");
    }, GRACE);
    const startedAt = performance.now();
    const { status, headers, body } = await entry.request({ method: "POST", path: "/api/trpc/auth.refresh" });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
    expect(status).toBe(503);
    expect(headers["retry-after"]).toBe("1");
    expect(headers).not.toHaveProperty("set-cookie");
    expect(headers).not.toHaveProperty("content-encoding");
    expect(JSON.parse(body).error.data).toMatchObject({ reason: "UNAVAILABLE", retryAfterSeconds: 1 });
  });

  test("request timeout: runs the undelivered hook of the app", async () => {
    const undo = vi.fn();
    const entry = await startEntry(async (_request, response) => {
      onUndeliveredResponse(undo);
      await sleep(300);
      response.end("late");
    }, GRACE);
    expect((await entry.request()).status).toBe(503);
    expect(undo).toHaveBeenCalledTimes(1);
  });

  test("request timeout: closes the connection if the response has begun", async () => {
    const entry = await startEntry((_request, response) => {
      response.setHeader("Content-Length", 10);
      response.write("half");
    }, GRACE);
    await expect(entry.request()).rejects.toThrow(/aborted|hang up/);
    await vi.waitFor(() => expect(entry.logLines.at(-1)).toMatchObject({ status: 200, aborted: true }));
  });

  test("request timeout: responds with 503 while the body is still arriving", async () => {
    const app = vi.fn();
    const entry = await startEntry(app, GRACE);
    const head = "POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n{";
    expect(await entry.sendRaw(head, 400, "}", 100, " ")).toMatch(/^HTTP\/1\.1 503 /);
    await sleep(20);
    expect(app).not.toHaveBeenCalled();
  });

  test("request timeout: later writes of the app have no effect", async () => {
    const entry = await startEntry(async (_request, response) => {
      await sleep(300);
      response.setHeader("Set-Cookie", "__ref=late");
      response.end("late");
    }, GRACE);
    const { status, headers } = await entry.request();
    expect([status, headers["set-cookie"]]).toEqual([503, undefined]);
    await sleep(200);
    expect(entry.logLines.filter((line) => line.level === "error")).toEqual([]);
  });

  test("request timeout: a response in time is not affected", async () => {
    const entry = await startEntry(async (_request, response) => {
      await sleep(100);
      response.end("in time");
    }, GRACE);
    expect((await entry.request()).status).toBe(200);
  });
});

describe("receive timeout", () => {
  test("receive timeout: incomplete headers are answered with 408", async () => {
    const entry = await startEntry(vi.fn());
    entry.server.headersTimeout = 200;
    expect(await entry.sendRaw("GET / HTTP/1.1\r\nHost: a\r\n", 100, "X-A: b\r\n")).toMatch(
      /^HTTP\/1\.1 408 [^]*Connection: close\r\n[^]*X-Request-Id: [^]*\r\n\r\nThe request did not arrive in time/,
    );
    expect(entry.logLines.at(-1)).toMatchObject({ status: 408, msg: "unreadable request" });
  });

  test("receive timeout: an incomplete body is answered with 408", async () => {
    const entry = await startEntry(vi.fn());
    entry.server.headersTimeout = entry.server.requestTimeout = 200;
    const half = "POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{";
    expect(await entry.sendRaw(half)).toMatch(
      /^HTTP\/1\.1 408 [^]*X-Request-Id: [^]*\r\n\r\nThe request did not arrive/,
    );
  });
});

test("pipelining: invalid HTTP after a request closes the connection, and nothing is written into the response", async () => {
  const entry = await startEntry((_request, response) => {
    response.setHeader("Content-Length", 10);
    response.write("half ");
  });
  const reply = await entry.sendRaw("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 100, "garbage\r\n\r\n");
  expect(reply.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

describe("request limit: 600 per minute and address", () => {
  const three = { RATE_LIMIT_FACTOR: 3 / 600 };
  const app = vi.fn((_request, response) => response.end("ok"));

  test("request limit: each response has the remaining count, and the first beyond the limit is 429 with Retry-After", async () => {
    const entry = await startEntry(app, three);
    const responses = [await entry.request(), await entry.request(), await entry.request(), await entry.request()];
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(responses.map(({ headers }) => headers["ratelimit-remaining"])).toEqual(["2", "1", "0", "0"]);
    const { headers } = responses[3]!;
    expect(headers).toMatchObject({ "ratelimit-limit": "3", "retry-after": headers["ratelimit-reset"] });
    expect(Number(headers["retry-after"])).toBeGreaterThan(55);
  });

  test("request limit: a spoofed X-Forwarded-For does not reset the count", async () => {
    const entry = await startEntry(app, three);
    const statuses = [];
    for (let host = 1; host <= 5; host++) {
      statuses.push((await entry.request({ headers: { "x-forwarded-for": `198.51.100.${host}` } })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  test("request limit: clients behind a proxy are counted separately, and a /64 together", async () => {
    const entry = await startEntry(app, { ...three, TRUSTED_PROXY_HOPS: 1 });
    const from = async (address: string) => (await entry.request({ headers: { "x-forwarded-for": address } })).status;
    for (let host = 1; host <= 5; host++) expect(await from(`198.51.100.${host}`)).toBe(200);
    const statuses = [];
    for (let host = 1; host <= 4; host++) statuses.push(await from(`2001:db8::${host}`));
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  test("request limit: health probes are not counted, and pass after the limit is exceeded", async () => {
    const entry = await startEntry(app, three);
    for (let count = 0; count < 5; count++) await entry.request();
    for (const path of ["/health", "/api/health/live", "/api/health/ready"]) {
      for (let count = 0; count < 5; count++) expect((await entry.request({ path })).status, path).toBe(200);
    }
    expect((await entry.request({ path: "/healthy" })).status).toBe(429);
  });

  test("request limit: missing built files are counted, existing ones are not", async () => {
    const staticFiles = new Set(["/_next/static/a.js"]);
    const entry = await startEntry(app, { ...three, staticFiles });
    for (let count = 0; count < 5; count++)
      expect((await entry.request({ path: "/_next/static/a.js" })).status).toBe(200);
    const statuses = [];
    for (let file = 1; file <= 4; file++)
      statuses.push((await entry.request({ path: `/_next/static/${file}.js` })).status);
    expect(statuses).toEqual([404, 404, 404, 429]);
    expect((await entry.request()).status).toBe(429);
  });

  test("request limit: 6000 per minute for built files", async () => {
    const entry = await startEntry(app, { RATE_LIMIT_FACTOR: 3 / 6000 });
    const statuses = [];
    for (let count = 0; count < 4; count++) statuses.push((await entry.request({ path: "/_next/static/a.js" })).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  test("request limit: malformed requests are counted, built files are not", async () => {
    const entry = await startEntry(app, three);
    for (let file = 1; file <= 5; file++) {
      const asset = await entry.request({ path: `/_next/static/${file}.js` });
      expect(asset.status).toBe(200);
      expect(asset.headers).not.toHaveProperty("ratelimit-limit");
    }
    for (const _ of [1, 2, 3]) expect((await entry.request({ path: "/%" })).status).toBe(400);
    expect((await entry.request({ path: "/%" })).status).toBe(429);
  });

  test("request limit: the RateLimit headers report the strictest limit that counted the request", async () => {
    const spent = { "/plain": [], "/login": [quota(10, 7, 30)], "/both": [quota(10, 3, 40), quota(60, 59, 60)] };
    const entry = await startEntry((request, response) => {
      spent[request.url as keyof typeof spent].forEach(recordQuota);
      response.end();
    });
    const rateLimitHeaders = async (path: string) => {
      const { headers } = await entry.request({ path });
      return ["limit", "remaining", "reset"].map((name) => Number(headers[`ratelimit-${name}`]));
    };
    expect(await rateLimitHeaders("/plain")).toEqual([600, 599, 60]);
    expect(await rateLimitHeaders("/login")).toEqual([10, 7, 30]);
    expect(await rateLimitHeaders("/both")).toEqual([10, 3, 40]);
    expect(await rateLimitHeaders("/plain")).toEqual([600, 596, expect.any(Number)]);
  });

  test("request limit: the RateLimit headers report the limit that was exceeded", async () => {
    const entry = await startEntry((_request, response) => {
      recordQuota(quota(10, 0, 60));
      recordQuota({ ...quota(10, 0, 20), isExceeded: true });
      response.end();
    });
    expect((await entry.request()).headers["ratelimit-reset"]).toBe("20");
  });

  test("request limit: the quota is not logged", async () => {
    const entry = await startEntry((_request, response) => {
      recordQuota(quota(10, 7, 30));
      response.end();
    });
    await entry.request();
    await vi.waitFor(() => expect(entry.logLines).toHaveLength(1));
    expect(entry.logLines[0]).not.toHaveProperty("quota");
  });
});

function quota(limit: number, remaining: number, resetSeconds: number): Quota {
  return { isExceeded: false, limit, remaining, resetSeconds };
}
