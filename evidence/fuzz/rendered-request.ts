import { gzipSync } from "node:zlib";
import { type FuzzRequest, type NameValue } from "./fuzz-request";
import { fillPlaceholders, type PlaceholderResolver } from "./placeholders";

/** A request as bytes, and its parts for the oracles. */
export interface RenderedRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: readonly NameValue[];
  body: Buffer | null;
  bytes: Buffer;
  /** Everything that was sent, with body and query decoded. */
  text: string;
}

export function renderRequest(request: FuzzRequest, placeholders: PlaceholderResolver): RenderedRequest {
  const fill = (text: string) => fillPlaceholders(text, placeholders);
  const content = request.body === null ? null : fill(request.body);
  const body = content === null ? null : encodeBody(content, request);
  const query = request.query.map(([name, value]) => [fill(name), fill(value)] as const);
  const target =
    fill(request.path) + (query.length === 0 ? "" : (request.path.includes("?") ? "&" : "?") + encodeQuery(query));
  const headers = [...request.headers, ...framingHeaders(request, body)].map(
    ([name, value]) => [fill(name), fill(value)] as const,
  );
  const head = `${request.method} ${target} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return {
    method: request.method,
    target,
    headers,
    body,
    bytes: Buffer.concat([Buffer.from(head, "latin1"), body === null ? Buffer.alloc(0) : frameBody(request, body)]),
    text: [head, content ?? "", ...query.map(([name, value]) => `${name}=${value}`)].join("\n"),
  };
}

function encodeQuery(query: readonly NameValue[]): string {
  return query.map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`).join("&");
}

/** encodeURIComponent throws on lone surrogates, so they are replaced. */
function encodeComponent(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function encodeBody(content: string, { encoding }: FuzzRequest): Buffer {
  switch (encoding) {
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

function framingHeaders({ framing, isChunked }: FuzzRequest, body: Buffer | null): readonly NameValue[] {
  if (framing !== null) return framing;
  if (body === null) return [];
  return isChunked ? [["Transfer-Encoding", "chunked"]] : [["Content-Length", String(body.length)]];
}

function frameBody({ isChunked }: FuzzRequest, body: Buffer): Buffer {
  if (!isChunked) return body;
  const chunks = [body.subarray(0, 7), body.subarray(7)].filter(({ length }) => length > 0);
  return Buffer.concat([
    ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
    Buffer.from("0\r\n\r\n"),
  ]);
}
