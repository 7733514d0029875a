import { request as httpRequest, Agent as HttpAgent, type RequestOptions } from "node:http";
import { request as httpsRequest, Agent as HttpsAgent } from "node:https";

export interface ProbeRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer;
}

export interface ReceivedResponse {
  kind: "answer";
  status: number;
  /** As they came, one after the other, names in lower case: what is doubled shows. */
  headers: [name: string, value: string][];
  body: Buffer;
  before: number;
  after: number;
}

export interface FailedRequest {
  kind: "failure";
  /** As in Node's errors. */
  code: string;
  message: string;
}

export type ProbeResult = ReceivedResponse | FailedRequest;

const ANSWER_SECONDS = 10;
/** Of a longer body only this much is looked at. */
const BODY_BYTES_AT_MOST = 1024 * 1024;

/** Asks one deployment over one connection, as nobody. Sends no secret, so that any certificate will do. */
export class HttpClient {
  readonly #agent: HttpAgent;
  readonly #send: typeof httpRequest;

  constructor(private readonly origin: URL) {
    const options = { keepAlive: true, maxSockets: 1 };
    const isHttps = origin.protocol === "https:";
    this.#send = isHttps ? httpsRequest : httpRequest;
    this.#agent = isHttps ? new HttpsAgent({ ...options, rejectUnauthorized: false }) : new HttpAgent(options);
  }

  /** A connection that was kept may be closed from the other side just then: such a request is sent once more. */
  async send(asked: ProbeRequest): Promise<ProbeResult> {
    const { reply, wasReused } = await this.#try(asked);
    if (reply.kind === "failure" && wasReused && reply.code === "ECONNRESET") return (await this.#try(asked)).reply;
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
      signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
      // Told by name, because a Host header of another name is sent to the same address.
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
            kind: "answer",
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
      // Whoever refuses a body may hang up on the rest of it; the answer has come by then.
      request.on("error", fail);
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** TLS names hosts, not addresses (RFC 6066, section 3). */
export function serverNameOf({ hostname }: URL): string {
  return /^(\[|[\d.]+$)/.test(hostname) ? "" : hostname;
}

/** All values of a header, in the order in which they came. */
export function valuesOf({ headers }: ReceivedResponse, name: string): string[] {
  return headers.filter(([found]) => found === name).map(([, value]) => value);
}

function pairs(raw: string[]): [string, string][] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? ""] as [string, string]] : []));
}
