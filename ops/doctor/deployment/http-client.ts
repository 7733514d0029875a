import { request as httpRequest, Agent as HttpAgent, type RequestOptions } from "node:http";
import { request as httpsRequest, Agent as HttpsAgent } from "node:https";

export interface ProbeRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer;
}

export interface ReceivedResponse {
  kind: "response";
  status: number;
  /** In the received order, names in lower case, duplicates included. */
  headers: [name: string, value: string][];
  body: Buffer;
  before: number;
  after: number;
}

export interface FailedRequest {
  kind: "failure";
  /** Error code of Node.js. */
  code: string;
  message: string;
}

export type ProbeResult = ReceivedResponse | FailedRequest;

const TIMEOUT_SECONDS = 10;
/** Longer bodies are truncated. */
const BODY_BYTES_AT_MOST = 1024 * 1024;

/** Sends unauthenticated requests over one connection. Accepts any certificate, because it sends no secret. */
export class HttpClient {
  readonly #agent: HttpAgent;
  readonly #send: typeof httpRequest;

  constructor(private readonly origin: URL) {
    const options = { keepAlive: true, maxSockets: 1 };
    const isHttps = origin.protocol === "https:";
    this.#send = isHttps ? httpsRequest : httpRequest;
    this.#agent = isHttps ? new HttpsAgent({ ...options, rejectUnauthorized: false }) : new HttpAgent(options);
  }

  /** Retries once if the server closes a reused connection at the moment of sending. */
  async send(request: ProbeRequest): Promise<ProbeResult> {
    const { reply, wasReused } = await this.#try(request);
    if (reply.kind === "failure" && wasReused && reply.code === "ECONNRESET") return (await this.#try(request)).reply;
    return reply;
  }

  #try({
    method = "GET",
    path,
    headers = {},
    body,
  }: ProbeRequest): Promise<{ reply: ProbeResult; wasReused: boolean }> {
    const options: RequestOptions = {
      host: this.origin.hostname.replace(/^\[|\]$/g, ""),
      port: this.origin.port || (this.origin.protocol === "https:" ? 443 : 80),
      method,
      path,
      agent: this.#agent,
      headers: { host: this.origin.host, "user-agent": "portcullis-doctor", ...headers },
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
      // Set explicitly, because the Host header may differ from the origin.
      ...(this.origin.protocol === "https:" && { servername: serverNameOf(this.origin) }),
    };
    return new Promise((resolve) => {
      const before = Date.now();
      const settle = (reply: ProbeResult) => resolve({ reply, wasReused: request.reusedSocket });
      const fail = ({ code = "unknown", message }: NodeJS.ErrnoException) => settle({ kind: "failure", code, message });
      const request = this.#send(options, (response) => {
        const after = Date.now();
        const chunks: Buffer[] = [];
        let bytes = 0;
        const finish = () =>
          settle({
            kind: "response",
            status: response.statusCode ?? 0,
            headers: pairs(response.rawHeaders),
            body: Buffer.concat(chunks),
            before,
            after,
          });
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= BODY_BYTES_AT_MOST) chunks.push(chunk);
        });
        response.on("end", finish).on("error", finish);
      });
      // A server that refuses the body may close the connection; the response has arrived by then.
      request.on("error", fail);
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** SNI must not contain an IP address (RFC 6066, section 3). */
export function serverNameOf({ hostname }: URL): string {
  return /^(\[|[\d.]+$)/.test(hostname) ? "" : hostname;
}

/** All values of a header in the received order. */
export function valuesOf({ headers }: ReceivedResponse, name: string): string[] {
  return headers.filter(([found]) => found === name).map(([, value]) => value);
}

function pairs(raw: string[]): [string, string][] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? ""] as [string, string]] : []));
}
