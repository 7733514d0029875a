import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { STATUS_MESSAGES } from "./reject";
import { startEntry, type TestResponse, type TestRequest, type TestEntry } from "./testing";

const DOCUMENT = /^default-src 'none'; script-src 'nonce-[\w+/]{22}==' 'strict-dynamic'; style-src 'self' 'nonce-/;
const OTHER = /^default-src 'none'; frame-ancestors 'none'$/;
const HSTS = "max-age=31536000; includeSubDomains";
const NOT_STORED = "private, no-store";

/** Responds like a framework that sets conflicting values for our headers. */
async function conflictingApp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader("X-Powered-By", "Framework");
  response.setHeader("Server", "Framework/1.0");
  response.setHeader("X-Nextjs-Cache", "HIT");
  response.setHeader("Cache-Control", "s-maxage=31536000");
  switch (request.url) {
    case "/broken":
    case "/api/trpc/broken":
      throw new Error("select * from users");
    case "/moved":
      return void response.writeHead(307, { Location: "/login" }).end();
    case "/array":
      response.writeHead(200, "Fine", ["Content-Type", "text/html", "X-Frame-Options", "ALLOWALL"] as never).end();
      return;
    case "/cookie":
      response.setHeader("Set-Cookie", "__acc=a");
      return void response.end("plain");
    case "/_next/static/a.js":
    case "/_next/static/cookie.js":
      response.setHeader("Content-Type", "application/javascript");
      response.setHeader("Cache-Control", "public, max-age=31536000, immutable");
      if (request.url.includes("cookie")) response.setHeader("Set-Cookie", "__acc=a");
      return void response.end("1");
    case "/.well-known/jwks.json":
    case "/.well-known/jwks.json?cookie":
      response.setHeader("Content-Type", "application/jwk-set+json");
      response.setHeader("Cache-Control", "public, max-age=300");
      if (request.url.includes("cookie")) response.setHeader("Set-Cookie", "__acc=a");
      return void response.end("{}");
    case "/icon.svg":
      response.removeHeader("Cache-Control");
      return void response.writeHead(307, { Location: "/icon.svg?_rsc=1" }).end();
    case "/_next/static/missing.js":
      response.statusCode = 404;
      return void response.end("Not Found");
    case "/slow":
    case "/api/trpc/slow":
      response.setHeader("Set-Cookie", "__acc=late");
      return;
  }
  if (request.url?.startsWith("/api/")) {
    response.setHeader("Content-Type", "application/json");
    return void response.end("{}");
  }
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.write("<p>");
  response.end("hello");
}

async function responseTo(input: TestRequest | string): Promise<TestResponse> {
  const entry = await startEntry(conflictingApp, { REFRESH_GRACE_SECONDS: 0.4 });
  return typeof input === "string" ? parse(await entry.sendRaw(input)) : entry.request(input);
}

async function exhausted(entry: TestEntry, input: TestRequest): Promise<TestResponse> {
  await entry.request(input);
  return entry.request(input);
}

describe("security headers: every kind of response has them", () => {
  const call = (path: string) => ({ method: "POST", path: `/api/trpc/${path}` });
  const line = (text: string) => `${text} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;

  test.each<[string, TestRequest | string, number, RegExp, string]>([
    ["a page", { path: "/" }, 200, DOCUMENT, NOT_STORED],
    ["a page requested with HEAD", { method: "HEAD", path: "/" }, 200, DOCUMENT, NOT_STORED],
    ["a page that sets other values", { path: "/array" }, 200, DOCUMENT, NOT_STORED],
    ["a redirect", { path: "/moved" }, 307, OTHER, NOT_STORED],
    ["text with a cookie", { path: "/cookie" }, 200, OTHER, NOT_STORED],
    ["a call", call("auth.session"), 200, OTHER, NOT_STORED],
    ["health", { path: "/api/health/live" }, 200, OTHER, NOT_STORED],
    ["a built asset", { path: "/_next/static/a.js" }, 200, OTHER, "public, max-age=31536000, immutable"],
    ["an asset with a cookie", { path: "/_next/static/cookie.js" }, 200, OTHER, NOT_STORED],
    ["the public keys", { path: "/.well-known/jwks.json" }, 200, OTHER, "public, max-age=300"],
    ["the public keys with a cookie", { path: "/.well-known/jwks.json?cookie" }, 200, OTHER, NOT_STORED],
    ["an icon requested by the router", { path: "/icon.svg" }, 307, OTHER, NOT_STORED],
    ["a missing asset", { path: "/_next/static/missing.js" }, 404, OTHER, NOT_STORED],
    ["a broken page", { path: "/broken" }, 500, DOCUMENT, NOT_STORED],
    ["a broken call", call("broken"), 500, OTHER, NOT_STORED],
    ["a page that hangs", { path: "/slow" }, 503, DOCUMENT, NOT_STORED],
    ["a call that hangs", call("slow"), 503, OTHER, NOT_STORED],
    ["a malformed address", { path: "/%00" }, 400, DOCUMENT, NOT_STORED],
    ["a soft navigation to a malformed address", { path: "/%00", headers: { rsc: "1" } }, 400, OTHER, NOT_STORED],
    ["a wrong method", { method: "PUT", path: "/" }, 405, DOCUMENT, NOT_STORED],
    ["TRACE", { method: "TRACE", path: "/" }, 405, DOCUMENT, NOT_STORED],
    ["too large a body", { ...call("x"), body: Buffer.alloc(65_537) }, 413, OTHER, NOT_STORED],
    ["a URL that is too long", { path: `/${"a".repeat(8_192)}` }, 414, DOCUMENT, NOT_STORED],
    [
      "a compressed body",
      { ...call("x"), body: "{}", headers: { "content-encoding": "gzip" } },
      415,
      OTHER,
      NOT_STORED,
    ],
    ["an unknown Expect header", { ...call("x"), headers: { expect: "a miracle" } }, 417, OTHER, NOT_STORED],
    ["a missing Host header", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, DOCUMENT, NOT_STORED],
    ["invalid HTTP", "garbage\r\n\r\n", 400, OTHER, NOT_STORED],
    ["CONNECT", "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n", 405, OTHER, NOT_STORED],
    [
      "headers that are too large",
      line(`GET / HTTP/1.1\r\nX-A: ${"a".repeat(20_000)}\r\nX-B: `),
      431,
      OTHER,
      NOT_STORED,
    ],
    ["a request line that is too long", line(`GET /${"a".repeat(20_000)}`), 414, OTHER, NOT_STORED],
  ])("security headers: %s has all of them", async (_name, input, status, policy, cacheControl) => {
    const response = await responseTo(input);
    expect(response.status).toBe(status);
    expectSecured(response, policy, cacheControl);
  });

  test("security headers: rejections by the request limit have them, for a page and for a call", async () => {
    const entry = await startEntry(conflictingApp, { RATE_LIMIT_FACTOR: 1 / 600 });
    const page = await exhausted(entry, { path: "/" });
    const response = await exhausted(entry, call("auth.session"));
    expect([page.status, response.status]).toEqual([429, 429]);
    expectSecured(page, DOCUMENT, NOT_STORED);
    expectSecured(response, OTHER, NOT_STORED);
  });

  function expectSecured({ headers }: TestResponse, policy: RegExp, cacheControl: string) {
    expect(headers["content-security-policy"]).toMatch(policy);
    expect(headers["cache-control"]).toBe(cacheControl);
    expect(headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "same-origin",
      "permissions-policy": expect.stringContaining("camera=()"),
    });
    for (const name of ["x-powered-by", "server", "x-nextjs-cache"]) expect(headers).not.toHaveProperty(name);
    expect(headers).not.toHaveProperty("strict-transport-security");
  }
});

test("security headers: on https every response has Strict-Transport-Security", async () => {
  const entry = await startEntry(conflictingApp, { APP_ORIGIN: "https://app.example.com" });
  for (const path of ["/", "/moved", "/%00", "/_next/static/a.js", "/api/health/live"]) {
    const { headers } = await entry.request({ path });
    expect(headers["strict-transport-security"]).toBe(HSTS);
  }
  expect(parse(await entry.sendRaw("garbage\r\n\r\n")).headers["strict-transport-security"]).toBe(HSTS);
});

describe("error responses of the entry", () => {
  test("error response: an HTML page without scripts, whose style has the nonce", async () => {
    const { headers, body } = await responseTo({ method: "DELETE", path: "/dashboard" });
    const nonce = /'nonce-([^']+)'/.exec(String(headers["content-security-policy"]))?.[1];
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["allow"]).toBe("GET, HEAD");
    expect(body).toContain(`<style nonce="${nonce}">`);
    expect(body).toContain(String(headers["x-request-id"]));
    expect(body).not.toMatch(/<script|DELETE|\/dashboard/);
  });

  test("error response: the page for a malformed path says what to do", async () => {
    const { status, body } = await responseTo({ path: "/%00" });
    expect(status).toBe(400);
    expect(body).toContain(`<h1>${STATUS_MESSAGES[400]}</h1>`);
  });

  test("error response: for calls it is in the format of tRPC clients", async () => {
    const { headers, body } = await responseTo({ method: "DELETE", path: "/api/trpc/auth.session" });
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(headers["allow"]).toBe("GET, POST");
    expect(JSON.parse(body)).toEqual({
      error: {
        message: "This address does not take that method.",
        code: -32005,
        data: {
          code: "METHOD_NOT_SUPPORTED",
          httpStatus: 405,
          reason: "METHOD_NOT_ALLOWED",
          requestId: headers["x-request-id"],
        },
      },
    });
  });

  test("error response: for HEAD it has a Content-Length and no body", async () => {
    const { status, headers, body } = await responseTo({ method: "HEAD", path: "/%00" });
    expect([status, body]).toEqual([400, ""]);
    expect(Number(headers["content-length"])).toBeGreaterThan(0);
  });

  test("error response: a fault discloses its request id and nothing else", async () => {
    const entry = await startEntry(conflictingApp);
    const { body, headers } = await entry.request({ method: "POST", path: "/api/trpc/broken" });
    expect(JSON.parse(body).error).toEqual({
      message: "Something went wrong on our side.",
      code: -32603,
      data: { code: "INTERNAL_SERVER_ERROR", httpStatus: 500, requestId: headers["x-request-id"] },
    });
    expect((await entry.request({ path: "/broken" })).body).not.toContain("select");
    expect(entry.logLines.filter((line) => line.level === "error")).toHaveLength(2);
  });
});

function parse(reply: string): TestResponse {
  const [head = "", body = ""] = reply.split("\r\n\r\n", 2);
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body };
}
