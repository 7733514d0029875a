import { brotliDecompressSync, gunzipSync } from "node:zlib";

export type HeaderList = [name: string, value: string][];

export interface ParsedResponse {
  status: number;
  headers: HeaderList;
  body: string;
}

/** `rest` is not a complete response. */
export interface ParseResult {
  responses: ParsedResponse[];
  rest: Buffer;
}

/**
 * Splits responses by their message length (RFC 9112, section 6.3) as strictly as a proxy in front of the app would.
 * `isClosed`: the connection is closed.
 */
export function parseResponses(bytes: Buffer, method: string, isClosed: boolean): ParseResult {
  const responses: ParsedResponse[] = [];
  let rest = bytes;
  for (;;) {
    const read = parseResponse(rest, method, isClosed);
    if (read === null) return { responses, rest };
    rest = rest.subarray(read.length);
    // Skips interim (1xx) responses.
    if (read.response.status >= 200) responses.push(read.response);
  }
}

function parseResponse(
  bytes: Buffer,
  method: string,
  isClosed: boolean,
): { response: ParsedResponse; length: number } | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return null;
  const [first = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
  if (!status) return null;
  const headers: HeaderList = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const body = readBody(bytes.subarray(headEnd + 4), status, headers, method, isClosed);
  return (
    body && {
      response: {
        status,
        headers,
        body: decompress(body.content, headerValue(headers, "content-encoding")).toString("utf8"),
      },
      length: headEnd + 4 + body.length,
    }
  );
}

function readBody(bytes: Buffer, status: number, headers: HeaderList, method: string, isClosed: boolean) {
  const nothing = { content: Buffer.alloc(0), length: 0 };
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return nothing;
  if (headerValue(headers, "transfer-encoding") === "chunked") return readChunks(bytes);
  const length = headerValue(headers, "content-length");
  if (length === undefined) return isClosed ? { content: bytes, length: bytes.length } : null;
  return bytes.length < Number(length) ? null : { content: bytes.subarray(0, Number(length)), length: Number(length) };
}

function decompress(content: Buffer, encoding: string | undefined): Buffer {
  if (content.length === 0) return content;
  return encoding === "gzip" ? gunzipSync(content) : encoding === "br" ? brotliDecompressSync(content) : content;
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

/** All values of a header; `name` is in lower case. */
export function headerValues(headers: HeaderList, name: string): string[] {
  return headers.filter(([one]) => one === name).map(([, value]) => value);
}

export function headerValue(headers: HeaderList, name: string): string | undefined {
  return headerValues(headers, name)[0];
}
