import { expect, test } from "vitest";
import { ResponseParser } from "./response-parser";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

/** Pushes one byte at a time and returns all results. */
function byByte(response: string, reader = new ResponseParser()) {
  return [...Buffer.from(response)].map((byte) => reader.push(Buffer.from([byte])));
}

test.each([
  ["with a Content-Length", `${HEAD}Content-Length: 5\r\n\r\nhello`],
  ["without a body", `${HEAD}Content-Length: 0\r\n\r\n`],
  ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  [
    "in chunks that contain a chunk terminator",
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n0\r\n\r\nab\r\n0\r\n\r\n`,
  ],
])("response parser: a response %s ends with its last byte, however it is split", (_, response) => {
  const reader = new ResponseParser();
  for (let time = 0; time < 2; time++) {
    const results = byByte(response, reader);
    expect(results.slice(0, -1).every((one) => one === null)).toBe(true);
    expect(results.at(-1)).toEqual({ status: 200, bytes: response.length, retryAfterSeconds: 0 });
  }
  expect(reader.push(Buffer.from(response))).toEqual({ status: 200, bytes: response.length, retryAfterSeconds: 0 });
});

test("response parser: reads Retry-After of a 503", () => {
  const response = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n";
  expect(new ResponseParser().push(Buffer.from(response))).toMatchObject({ status: 503, retryAfterSeconds: 2 });
});

test("response parser: a response longer than its Content-Length is an error", () => {
  expect(() => new ResponseParser().push(Buffer.from(`${HEAD}Content-Length: 1\r\n\r\nhello`))).toThrow("longer");
});

test("response parser: a response without length is an error", () => {
  expect(() => new ResponseParser().push(Buffer.from(`${HEAD}\r\nhello`))).toThrow("neither");
});
