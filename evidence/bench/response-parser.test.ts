import { expect, test } from "vitest";
import { ResponseParser } from "./response-parser";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

/** What a reader says after every byte that comes alone. */
function byByte(response: string, reader = new ResponseParser()) {
  return [...Buffer.from(response)].map((byte) => reader.push(Buffer.from([byte])));
}

test.each([
  ["of a known length", `${HEAD}Content-Length: 5\r\n\r\nhello`],
  ["of no length", `${HEAD}Content-Length: 0\r\n\r\n`],
  ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  ["in chunks that contain what ends one", `${HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n0\r\n\r\nab\r\n0\r\n\r\n`],
])("an response %s ends with its last byte, however it is cut", (_, response) => {
  const reader = new ResponseParser();
  for (let time = 0; time < 2; time++) {
    const results = byByte(response, reader);
    expect(results.slice(0, -1).every((one) => one === null)).toBe(true);
    expect(results.at(-1)).toEqual({ status: 200, bytes: response.length });
  }
  expect(reader.push(Buffer.from(response))).toEqual({ status: 200, bytes: response.length });
});

test("an answer that tells more than it announced is not counted", () => {
  expect(() => new ResponseParser().push(Buffer.from(`${HEAD}Content-Length: 1\r\n\r\nhello`))).toThrow("more");
});

test("an answer that does not onProgress where it ends is not guessed at", () => {
  expect(() => new ResponseParser().push(Buffer.from(`${HEAD}\r\nhello`))).toThrow("ends");
});
