import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";

export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface Endpoint {
  port: number;
  /** Null for plain HTTP. */
  caCertificate: string | null;
}

export interface RequestOptions {
  method?: string;
  path: string;
  /** Header lines in order; a name may be repeated. */
  headers?: HeaderLines;
  body?: string | Buffer;
  framing?: "length" | "chunks";
}

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends one request over a new connection from `source`, an address of this machine. */
export function sendRequest(
  { port, caCertificate }: Endpoint,
  source: string,
  options: RequestOptions,
): Promise<HttpResponse> {
  const { method = "GET", path, headers = [], body = "", framing = "length" } = options;
  const lines = [["Host", `localhost:${port}`], ...headers];
  if (method === "POST") {
    lines.push(
      framing === "length" ? ["Content-Length", String(Buffer.byteLength(body))] : ["Transfer-Encoding", "chunked"],
    );
  }
  const target = {
    host: source.includes(":") ? "::1" : "127.0.0.1",
    port,
    localAddress: source,
    method,
    path,
    headers: lines.flat(),
    setHost: false,
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const request =
      caCertificate === null
        ? httpRequest(target)
        : httpsRequest({ ...target, servername: "localhost", ca: caCertificate });
    request.once("error", reject);
    request.once("response", (response) => {
      response.once("error", reject);
      void response.toArray().then(
        (chunks) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks as Buffer[]).toString(),
          }),
        reject,
      );
    });
    request.end(method === "POST" ? body : undefined);
  });
}
