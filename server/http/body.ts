import "server-only";
import { IncomingMessage } from "node:http";

export const MAX_BODY_BYTES = 64 * 1024;

/** Whether the headers announce a body. */
export function declaresBody(request: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

/** What can be said against a body before it has arrived. */
export function judgeDeclaredBody(request: IncomingMessage): "fine" | "too large" | "encoded" | "misplaced" {
  if (!declaresBody(request)) return "fine";
  const { headers, method } = request;
  if (method !== "POST") return "misplaced";
  // Unpacked, a small body could be a big one.
  if (headers["content-encoding"] !== undefined) return "encoded";
  const transfer = headers["transfer-encoding"];
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked") return "encoded";
  return Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES ? "too large" : "fine";
}

/** Reads the whole body, or as much as it takes to see that it is too large. */
export function readBody(request: IncomingMessage): Promise<Buffer | "too large" | "gone"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (outcome: Buffer | "too large" | "gone") => {
      request.off("data", take).off("end", finish).off("close", lose).off("error", lose);
      resolve(outcome);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) settle("too large");
      else chunks.push(chunk);
    };
    const finish = () => settle(Buffer.concat(chunks, bytes));
    const lose = () => settle("gone");
    request.on("data", take).on("end", finish).on("close", lose).on("error", lose);
  });
}

/** The same request as if its body had only just arrived: a stream that was read cannot be read again. */
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
