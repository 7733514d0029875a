import { gzipSync } from "node:zlib";
import { type Asked, type Pair } from "./fuzz-request";
import { fill, type Meaning } from "./placeholders";

/** A request as it goes over the wire, with what has to be known of it to judge the answer. */
export interface Sent {
  method: string;
  /** Path and query. */
  target: string;
  headers: readonly Pair[];
  body: Buffer | null;
  bytes: Buffer;
  /** Everything that was sent, readable; of a packed body what was packed, of an encoded query what was encoded. */
  text: string;
}

export function render(asked: Asked, meaning: Meaning): Sent {
  const say = (text: string) => fill(text, meaning);
  const content = asked.body === null ? null : say(asked.body);
  const body = content === null ? null : encode(content, asked);
  const query = asked.query.map(([name, value]) => [say(name), say(value)] as const);
  const target =
    say(asked.path) + (query.length === 0 ? "" : (asked.path.includes("?") ? "&" : "?") + encodeQuery(query));
  const headers = [...asked.headers, ...framingOf(asked, body)].map(
    ([name, value]) => [say(name), say(value)] as const,
  );
  const head = `${asked.method} ${target} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return {
    method: asked.method,
    target,
    headers,
    body,
    bytes: Buffer.concat([Buffer.from(head, "latin1"), body === null ? Buffer.alloc(0) : framed(asked, body)]),
    text: [head, content ?? "", ...query.map(([name, value]) => `${name}=${value}`)].join("\n"),
  };
}

function encodeQuery(query: readonly Pair[]): string {
  return query.map(([name, value]) => `${encode1(name)}=${encode1(value)}`).join("&");
}

/** encodeURIComponent, which has no word for half a character. */
function encode1(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function encode(content: string, { coding }: Asked): Buffer {
  switch (coding) {
    case "utf8":
      return Buffer.from(content, "utf8");
    case "latin1":
      return Buffer.from(content, "latin1");
    case "utf16":
      return Buffer.from(content, "utf16le");
    case "bom":
      return Buffer.from(`\ufeff${content}`, "utf8");
    case "gzip":
      return gzipSync(content);
  }
}

function framingOf({ framing, isChunked }: Asked, body: Buffer | null): readonly Pair[] {
  if (framing !== null) return framing;
  if (body === null) return [];
  return isChunked ? [["Transfer-Encoding", "chunked"]] : [["Content-Length", String(body.length)]];
}

function framed({ isChunked }: Asked, body: Buffer): Buffer {
  if (!isChunked) return body;
  const chunks = [body.subarray(0, 7), body.subarray(7)].filter(({ length }) => length > 0);
  return Buffer.concat([
    ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
    Buffer.from("0\r\n\r\n"),
  ]);
}
