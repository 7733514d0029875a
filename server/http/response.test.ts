import { expect, test } from "vitest";
import { startEntry } from "./testing";

test("EntryResponse: flushed headers are sent together with the first chunk", async () => {
  let alone: number | undefined;
  const { request } = await startEntry((request, response) => {
    const before = request.socket.bytesWritten;
    response.flushHeaders();
    alone = request.socket.bytesWritten - before;
    response.write("first ");
    response.end("and last");
  });
  expect(await request()).toMatchObject({ status: 200, body: "first and last" });
  expect(alone).toBe(0);
});

test("EntryResponse: flushed headers are sent even if no chunk follows", async () => {
  let finish: (() => void) | undefined;
  const { sendRaw } = await startEntry((_, response) => {
    response.setHeader("X-Early", "yes");
    response.flushHeaders();
    finish = () => response.destroy();
  });
  const response = sendRaw("GET / HTTP/1.1\r\nHost: localhost:3000\r\n\r\n", 100);
  setTimeout(() => finish?.(), 100);
  expect(await response).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*x-early: yes\r\n[^]*\r\n\r\n$/i);
});

test("EntryResponse: beforeHeaders runs for flushed headers too", async () => {
  const { request } = await startEntry((_, response) => {
    response.flushHeaders();
    response.flushHeaders();
    process.nextTick(() => process.nextTick(() => response.end("late")));
  });
  const { headers, body } = await request();
  expect(body).toBe("late");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
});
