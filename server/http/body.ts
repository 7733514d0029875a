import "server-only";
import { IncomingMessage } from "node:http";

export const MAX_BODY_BYTES = 64 * 1024;

export function declaresBody(request: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

/** Checks the declared method, length and encoding before the body arrives. */
export function judgeDeclaredBody(
  request: IncomingMessage,
): "valid" | "too large" | "unsupported encoding" | "not allowed" {
  if (!declaresBody(request)) return "valid";
  const { headers, method } = request;
  if (method !== "POST") return "not allowed";
  // A small compressed body could exceed the limit once decompressed.
  if (headers["content-encoding"] !== undefined) return "unsupported encoding";
  const transfer = headers["transfer-encoding"];
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked") return "unsupported encoding";
  return Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES ? "too large" : "valid";
}

/** Reads the whole body, or stops as soon as it exceeds the limit. */
export function readBody(request: IncomingMessage): Promise<Buffer | "too large" | "aborted"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (result: Buffer | "too large" | "aborted") => {
      request.off("data", onData).off("end", onEnd).off("close", onAbort).off("error", onAbort);
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) finish("too large");
      else chunks.push(chunk);
    };
    const onEnd = () => finish(Buffer.concat(chunks, bytes));
    const onAbort = () => finish("aborted");
    request.on("data", onData).on("end", onEnd).on("close", onAbort).on("error", onAbort);
  });
}

/** A copy of the request whose stream delivers the buffered body: the original stream cannot be read again. */
export function withBufferedBody(original: IncomingMessage, body: Buffer): IncomingMessage {
  const request = new IncomingMessage(original.socket);
  request.httpVersion = original.httpVersion;
  request.httpVersionMajor = original.httpVersionMajor;
  request.httpVersionMinor = original.httpVersionMinor;
  request.method = original.method;
  request.url = original.url;
  request.rawHeaders = original.rawHeaders;
  request.headers = { ...original.headers, "content-length": String(body.length) };
  delete request.headers["transfer-encoding"];
  request.complete = true;
  request.push(body);
  request.push(null);
  return request;
}
