import { expect, test } from "vitest";
import { errorCodeIn, PacketReader, statementIn } from "./mysql-packets";

function packet(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
}

const query = (sql: string, sequence = 0) => packet(sequence, Buffer.from(`\x03${sql}`));

test("PacketReader: returns complete packets wherever the stream was split", () => {
  const stream = Buffer.concat([query("select 1"), query("select 2"), query("x".repeat(3000))]);
  for (const size of [1, 3, 4, 5, 17, 4096, stream.length]) {
    const frames = new PacketReader();
    const whole: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) whole.push(...frames.push(stream.subarray(at, at + size)));
    expect(Buffer.concat(whole)).toEqual(stream);
    expect(whole.map(statementIn).map((statement) => statement?.length)).toEqual([8, 8, 3000]);
  }
});

test("statementIn: returns null for packets other than COM_QUERY", () => {
  expect(statementIn(query("select 1"))).toBe("select 1");
  // The handshake response and COM_QUIT.
  expect(statementIn(query("select 1", 1))).toBeNull();
  expect(statementIn(packet(0, Buffer.from([0x01])))).toBeNull();
  expect(statementIn(packet(0, Buffer.from([0x0e])))).toBeNull();
});

test("errorCodeIn: returns the error number of an ERR packet and null otherwise", () => {
  const deadlock = Buffer.from([0xff, 0xbd, 0x04, ...Buffer.from("#40001Deadlock found")]);
  expect(errorCodeIn(packet(1, deadlock))).toBe(1213);
  expect(errorCodeIn(packet(1, Buffer.from([0x00, 0x01, 0x00])))).toBeNull();
  expect(errorCodeIn(Buffer.alloc(0))).toBeNull();
});
