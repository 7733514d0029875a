import { once } from "node:events";
import { Agent, createServer, request as askUpstream, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** One request that went over the wire, and what came of it. */
export interface Exchange {
  method: string;
  /** With the query. */
  path: string;
  requestHeaders: Record<string, string | string[] | undefined>;
  /** Null until the server has answered. */
  status: number | null;
  location: string | null;
  cacheControl: string | null;
  setCookies: string[];
  /** Whether the answer was passed on to the browser. */
  isDelivered: boolean;
}

/** A path without its query, a pattern for path and query, or a question about the request. */
export type Matching = string | RegExp | ((exchange: Exchange) => boolean);

/** What happens to replies that match, as many as were asked for. */
interface Rule {
  matches: (exchange: Exchange) => boolean;
  left: number;
  /** Resolves once the reply may be passed on; false if it never may. */
  judge: (exchange: Exchange) => Promise<boolean>;
}

/** The server has answered, and the browser does not know it yet. */
export interface HeldReply {
  /** Resolves when the server has done its work. */
  answered: Promise<Exchange>;
  /** Lets the browser have the answer. */
  release: () => void;
}

export interface LostReplies {
  /** Resolves when the server has done the work whose answer is lost first. */
  first: Promise<Exchange>;
  /** From now on answers arrive again. */
  end: () => void;
}

const LOOPBACK = "127.0.0.1";

/**
 * The wire between one test's browsers and the app: a proxy of the test's own. The app is real, the answers are real; the
 * test decides which of them arrive, when, and from which network the browser seems to come.
 */
export class Wire {
  /** Everything that was asked, in order. HTTPS and WebSockets pass through unseen. */
  readonly exchanges: Exchange[] = [];
  /** Where the browser seems to be. Anything in 127.0.0.0/8; another one is another network. */
  address = LOOPBACK;

  #rules: Rule[] = [];
  #isCut = false;
  #sockets = new Set<Socket>();
  #agents = new Map<string, Agent>();
  #server = createServer((request, response) => void this.#carry(request, response));

  static async open(): Promise<Wire> {
    const wire = new Wire();
    wire.#server.on("connect", (request, socket: Socket, head) => wire.#tunnel(request, socket, head));
    wire.#server.on("connection", (socket: Socket) => {
      wire.#sockets.add(socket);
      socket.once("close", () => wire.#sockets.delete(socket));
    });
    wire.#server.listen(0, LOOPBACK);
    await once(wire.#server, "listening");
    return wire;
  }

  get url(): string {
    return `http://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const agent of this.#agents.values()) agent.destroy();
  }

  /** No request gets through until `mend`: the laptop is shut, the train is in a tunnel. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  /**
   * Lets the server do its work and throws its answer away: neither page nor cookie arrives. A browser whose connection
   * was in use before silently asks once more, which counts as the next reply.
   */
  loseReplies(matching: Matching, count = 1): LostReplies {
    const lost = promised<Exchange>();
    const rule: Rule = {
      matches: asQuestion(matching),
      left: count,
      judge: async (exchange) => {
        lost.resolve(exchange);
        return false;
      },
    };
    this.#rules.push(rule);
    return { first: lost.promise, end: () => (rule.left = 0) };
  }

  /** Keeps the next answer that matches until it is released. */
  holdReply(matching: Matching): HeldReply {
    const answered = promised<Exchange>();
    const released = promised<void>();
    this.#rules.push({
      matches: asQuestion(matching),
      left: 1,
      judge: async (exchange) => {
        answered.resolve(exchange);
        await released.promise;
        return true;
      },
    });
    return { answered: answered.promise, release: released.resolve };
  }

  async #carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#isCut) return void request.socket.destroy();
    const target = new URL(request.url ?? "", "http://unknown.invalid");
    const exchange: Exchange = {
      method: request.method ?? "",
      path: target.pathname + target.search,
      requestHeaders: request.headers,
      status: null,
      location: null,
      cacheControl: null,
      setCookies: [],
      isDelivered: false,
    };
    this.exchanges.push(exchange);
    const rule = this.#rules.find(({ left, matches }) => left > 0 && matches(exchange));
    if (rule) rule.left -= 1;

    const upstream = askUpstream({
      host: target.hostname === "localhost" ? LOOPBACK : target.hostname,
      port: target.port || 80,
      method: request.method,
      path: exchange.path,
      headers: withoutProxyHeaders(request.rawHeaders),
      setHost: false,
      agent: this.#agentFor(this.address),
    });
    request.pipe(upstream);
    response.once("close", () => rule === undefined && upstream.destroy());
    upstream.once("error", () => request.socket.destroy());
    upstream.once("response", async (answer) => {
      exchange.status = answer.statusCode ?? 0;
      exchange.location = answer.headers.location ?? null;
      exchange.cacheControl = answer.headers["cache-control"] ?? null;
      exchange.setCookies = answer.headers["set-cookie"] ?? [];
      if (rule === undefined) {
        exchange.isDelivered = true;
        response.writeHead(exchange.status, answer.statusMessage, withoutHopHeaders(answer.rawHeaders));
        return void answer.on("error", () => response.destroy()).pipe(response);
      }
      const body = Buffer.concat(await answer.toArray());
      if (!(await rule.judge(exchange)) || this.#isCut) return void request.socket.resetAndDestroy();
      exchange.isDelivered = true;
      response.writeHead(exchange.status, answer.statusMessage, withoutHopHeaders(answer.rawHeaders));
      response.end(body);
    });
  }

  #tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { hostname, port } = new URL(`http://${request.url}`);
    if (this.#isCut) return void socket.destroy();
    const host = hostname === "localhost" ? LOOPBACK : hostname;
    const upstream = connect({ host, port: Number(port || 80), localAddress: this.#localAddressFor(host) });
    upstream.once("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    socket.once("close", () => upstream.destroy());
  }

  #agentFor(address: string): Agent {
    const known = this.#agents.get(address);
    if (known) return known;
    const agent = new Agent({ keepAlive: true, localAddress: address });
    this.#agents.set(address, agent);
    return agent;
  }

  #localAddressFor(host: string): string | undefined {
    return host === LOOPBACK ? this.address : undefined;
  }
}

function promised<Value>() {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}

function asQuestion(matching: Matching): (exchange: Exchange) => boolean {
  if (typeof matching === "function") return matching;
  if (typeof matching === "string") return ({ path }) => path.split("?", 1)[0] === matching;
  return ({ path }) => matching.test(path);
}

function withoutProxyHeaders(raw: string[]): string[] {
  return withoutHeaders(raw, /^proxy-/i);
}

/** They speak about the connection to the app, not about ours to the browser. */
function withoutHopHeaders(raw: string[]): string[] {
  return withoutHeaders(raw, /^(connection|keep-alive|transfer-encoding)$/i);
}

function withoutHeaders(raw: string[], unwanted: RegExp): string[] {
  return raw.filter((_, at) => !unwanted.test(raw[at - (at % 2)] ?? ""));
}
