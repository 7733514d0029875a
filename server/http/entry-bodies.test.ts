import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { onUndeliveredResponse, requestState, type RequestState } from "@/server/runtime/request-state";
import { startEntry } from "./testing";

const CALL = { method: "POST", path: "/api/trpc/auth.login" };
const LIMIT = 65_536;

async function echoBody(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ bytes: body.length, digest: digest(body), headers: request.headers }));
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function inParts(bytes: Buffer, size: number): Buffer[] {
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return parts;
}

test.each([
  ["declared", (bytes: Buffer) => bytes],
  ["chunked", (bytes: Buffer) => inParts(bytes, 1000)],
])("request body: a %s one of 64 kB reaches the app unchanged", async (_name, shape) => {
  const entry = await startEntry(echoBody);
  const bytes = randomBytes(LIMIT);
  const { status, body } = await entry.request({ ...CALL, body: shape(bytes) });
  expect(status).toBe(200);
  const seen = JSON.parse(body);
  expect(seen).toMatchObject({ bytes: LIMIT, digest: digest(bytes) });
  expect(seen.headers["content-length"]).toBe(String(LIMIT));
  expect(seen.headers).not.toHaveProperty("transfer-encoding");
});

test.each([
  ["declared", Buffer.alloc(LIMIT + 1)],
  ["declared, and far larger", Buffer.alloc(8 * 1024 * 1024)],
  ["chunked", inParts(Buffer.alloc(LIMIT + 1), 1000)],
  ["chunked, and far larger", inParts(Buffer.alloc(8 * 1024 * 1024), 64_000)],
])("request body: one larger than 64 kB, %s, is rejected before the app receives the request", async (_name, body) => {
  const app = vi.fn();
  const entry = await startEntry(app);
  const response = await entry.request({ ...CALL, body });
  expect(response.status).toBe(413);
  expect(JSON.parse(response.body).error.data.reason).toBe("TOO_LARGE");
  expect(response.headers["connection"]).toBe("close");
  expect(app).not.toHaveBeenCalled();
});

test("request body: a Content-Length above the limit is rejected before the body is sent", async () => {
  const entry = await startEntry(vi.fn());
  const head = `POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`;
  expect(await entry.sendRaw(head)).toMatch(/^HTTP\/1\.1 413 /);
});

test("request body: an endless one is disconnected a second after its rejection", async () => {
  const entry = await startEntry(vi.fn());
  const head = "POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const chunk = `ffff\r\n${"a".repeat(0xffff)}\r\n`;
  const startedAt = performance.now();
  expect(await entry.sendRaw(head, chunk, chunk, 300, chunk)).toMatch(/^HTTP\/1\.1 413 /);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test("request body: Expect: 100-continue is answered with 100 or with the rejection", async () => {
  const entry = await startEntry(echoBody);
  const head = (length: number) =>
    `POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  expect(await entry.sendRaw(head(2), 100, "{}")).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
  expect(await entry.sendRaw(head(LIMIT + 1))).toMatch(/^HTTP\/1\.1 413 /);
});

test.each([
  ["a compressed body", { "content-encoding": "gzip" }, 415],
  ["a body with a compressing transfer encoding", { "transfer-encoding": "gzip, chunked" }, 415],
])("request body: %s is rejected with 415", async (_name, headers, status) => {
  const app = vi.fn();
  const entry = await startEntry(app);
  expect((await entry.request({ ...CALL, headers, body: "{}" })).status).toBe(status);
  expect(app).not.toHaveBeenCalled();
});

test.each(["GET", "HEAD"])("request body: rejected for %s", async (method) => {
  const app = vi.fn();
  const entry = await startEntry(app);
  const bytes = `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`;
  expect(await entry.sendRaw(bytes)).toMatch(/^HTTP\/1\.1 400 /);
  expect(app).not.toHaveBeenCalled();
});

test("request body: after a disconnect within the body the app is not called", async () => {
  const app = vi.fn();
  const entry = await startEntry(app);
  const { server } = entry;
  server.on("connection", (socket) => setTimeout(() => socket.destroy(), 100));
  await entry.sendRaw("POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{");
  await vi.waitFor(() => expect(entry.logLines.at(-1)).toMatchObject({ status: 0, aborted: true }));
  expect(app).not.toHaveBeenCalled();
});

test("request state: isAborted is set when the client disconnects", async () => {
  let state: RequestState | undefined;
  const entry = await startEntry(() => void (state = requestState.getStore()));
  entry.server.on("connection", (socket) => setTimeout(() => socket.destroy(), 100));
  await entry.sendRaw("GET /dashboard HTTP/1.1\r\nHost: a\r\n\r\n");
  await vi.waitFor(() => expect(state).toMatchObject({ requestId: expect.any(String), isAborted: true }));
});

test("request state: the undelivered hook runs only if the client disconnects before the response begins", async () => {
  const undo = vi.fn();
  const entry = await startEntry((request, response) => {
    onUndeliveredResponse(() => undo(request.url));
    if (request.url === "/answered") response.end("whole");
    if (request.url === "/begun") response.write("half");
  });
  expect((await entry.request({ path: "/answered" })).status).toBe(200);
  entry.server.on("connection", (socket) => setTimeout(() => socket.destroy(), 100));
  await entry.sendRaw("GET /begun HTTP/1.1\r\nHost: a\r\n\r\n");
  await entry.sendRaw("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n");
  await vi.waitFor(() => expect(undo.mock.calls).toEqual([["/silent"]]));
});

test("request body: the connection serves further requests after one with a body", async () => {
  const entry = await startEntry(echoBody);
  const post = "POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
  const chunked = "POST /api/trpc/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
  const last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const replies = await entry.sendRaw(post, 50, chunked, 50, last);
  expect(replies.match(/HTTP\/1\.1 200 /g)).toHaveLength(3);
});
