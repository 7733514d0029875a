import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { headerIn, type Pairs } from "./headers";

export interface HttpAnswer {
  status: number;
  headers: Pairs;
  body: string;
}

/** What is left over is no answer, or not all of one. */
export interface Read {
  answers: HttpAnswer[];
  rest: Buffer;
}

/**
 * Takes answers apart by what they say about their own length (RFC 9112, section 6.3), without the forgiveness of a client: what
 * a proxy in front of us would see. `isOver`: nothing more will come.
 */
export function readAnswers(bytes: Buffer, method: string, isOver: boolean): Read {
  const answers: HttpAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const read = readOne(rest, method, isOver);
    if (read === null) return { answers, rest };
    rest = rest.subarray(read.length);
    // An interim answer is none.
    if (read.answer.status >= 200) answers.push(read.answer);
  }
}

function readOne(bytes: Buffer, method: string, isOver: boolean): { answer: HttpAnswer; length: number } | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const [first = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  if (!status) return null;
  const headers: Pairs = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const body = readBody(bytes.subarray(headEnd + 4), status, headers, method, isOver);
  return (
    body && {
      answer: { status, headers, body: unpack(body.content, headerIn(headers, "content-encoding")).toString("utf8") },
      length: headEnd + 4 + body.length,
    }
  );
}

function readBody(bytes: Buffer, status: number, headers: Pairs, method: string, isOver: boolean) {
  const nothing = { content: Buffer.alloc(0), length: 0 };
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return nothing;
  if (headerIn(headers, "transfer-encoding") === "chunked") return readChunks(bytes);
  const length = headerIn(headers, "content-length");
  if (length === undefined) return isOver ? { content: bytes, length: bytes.length } : null;
  return bytes.length < Number(length) ? null : { content: bytes.subarray(0, Number(length)), length: Number(length) };
}

function unpack(content: Buffer, coding: string | undefined): Buffer {
  if (content.length === 0) return content;
  return coding === "gzip" ? gunzipSync(content) : coding === "br" ? brotliDecompressSync(content) : content;
}

function readChunks(bytes: Buffer): { content: Buffer; length: number } | null {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const begin = lineEnd + 2;
    if (Number.isNaN(size) || bytes.length < begin + size + 2) return null;
    if (size === 0) return { content: Buffer.concat(chunks), length: begin + 2 };
    chunks.push(bytes.subarray(begin, begin + size));
    at = begin + size + 2;
  }
}
