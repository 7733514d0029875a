import { describe, expect, test } from "vitest";
import { parseResponses } from "./http-response-parser";

const FINE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const read = (text: string, { method = "GET", isClosed = true } = {}) =>
  parseResponses(Buffer.from(text, "latin1"), method, isClosed);

describe("parseResponses: a response ends", () => {
  test("after Content-Length bytes", () => {
    expect(read(FINE)).toMatchObject({ responses: [{ status: 200, body: "ok" }], rest: Buffer.alloc(0) });
  });

  test("with its last chunk", () => {
    const { responses } = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n");
    expect(responses.map(({ body }) => body)).toEqual(["ok!"]);
  });

  test("with the connection if it has no length", () => {
    const open = "HTTP/1.1 200 OK\r\n\r\nok";
    expect(read(open, { isClosed: false }).responses).toEqual([]);
    expect(read(open).responses.map(({ body }) => body)).toEqual(["ok"]);
  });

  test.each(["HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"])(
    "with its header if it has no body: %j",
    (text) => {
      expect(read(text, { isClosed: false }).responses).toHaveLength(1);
    },
  );
});

test("parseResponses: finds a second response", () => {
  expect(read(FINE + FINE).responses).toHaveLength(2);
});

test("parseResponses: returns a body after a HEAD response, or beyond its length, as rest", () => {
  expect(read(FINE, { method: "HEAD" }).rest.toString()).toBe("ok");
  expect(read(`${FINE}more`).rest.toString()).toBe("more");
});

test("parseResponses: returns no incomplete response", () => {
  for (let end = 0; end < FINE.length; end++) expect(read(FINE.slice(0, end)).responses).toEqual([]);
});

test("parseResponses: skips interim responses", () => {
  expect(read(`HTTP/1.1 100 Continue\r\n\r\n${FINE}`).responses.map(({ status }) => status)).toEqual([200]);
});
