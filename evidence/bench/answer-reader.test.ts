import { expect, test } from "vitest";
import { AnswerReader } from "./answer-reader";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

/** What a reader says after every byte that comes alone. */
function byByte(answer: string, reader = new AnswerReader()) {
  return [...Buffer.from(answer)].map((byte) => reader.take(Buffer.from([byte])));
}

test.each([
  ["of a known length", `${HEAD}Content-Length: 5\r\n\r\nhello`],
  ["of no length", `${HEAD}Content-Length: 0\r\n\r\n`],
  ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  ["in chunks that contain what ends one", `${HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n0\r\n\r\nab\r\n0\r\n\r\n`],
])("an answer %s ends with its last byte, however it is cut", (_, answer) => {
  const reader = new AnswerReader();
  for (let time = 0; time < 2; time++) {
    const said = byByte(answer, reader);
    expect(said.slice(0, -1).every((one) => one === null)).toBe(true);
    expect(said.at(-1)).toEqual({ status: 200, bytes: answer.length });
  }
  expect(reader.take(Buffer.from(answer))).toEqual({ status: 200, bytes: answer.length });
});

test("an answer that tells more than it announced is not counted", () => {
  expect(() => new AnswerReader().take(Buffer.from(`${HEAD}Content-Length: 1\r\n\r\nhello`))).toThrow("more");
});

test("an answer that does not say where it ends is not guessed at", () => {
  expect(() => new AnswerReader().take(Buffer.from(`${HEAD}\r\nhello`))).toThrow("ends");
});
