import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { HttpExchange } from "./http-exchange";

export type Delivery = "deliver" | "drop";

/** Called for each request before it is forwarded; the function it returns is called once the server has responded. */
type OnRequest = (exchange: HttpExchange) => (() => Promise<Delivery>) | null;

const LOOPBACK = "127.0.0.1";

/** The bytes of a CONNECT tunnel in both directions. Playwright's request client opens one even for plain HTTP. */
export interface Tunnel {
  sent: string;
  received: string;
}

/** A local HTTP proxy. Its connections to the app use `address` as their source address. */
export class ForwardProxy {
  address = LOOPBACK;
  readonly tunnels: Tunnel[] = [];
  #isDisconnected = false;
  readonly #sockets = new Set<Socket>();
  readonly #agents = new Map<string, Agent>();
  readonly #server = createServer((request, response) => this.#forward(request, response));

  private constructor(private readonly onRequest: OnRequest) {}

  static async open(onRequest: OnRequest): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(onRequest);
    proxy.#server.on("connect", (request, socket: Socket, head) => proxy.#tunnel(request, socket, head));
    proxy.#server.on("connection", (socket: Socket) => {
      proxy.#sockets.add(socket);
      socket.once("close", () => proxy.#sockets.delete(socket));
    });
    proxy.#server.listen(0, LOOPBACK);
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const agent of this.#agents.values()) agent.destroy();
  }

  disconnect(): void {
    this.#isDisconnected = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  reconnect(): void {
    this.#isDisconnected = false;
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    if (this.#isDisconnected) return void request.socket.destroy();
    const target = new URL(request.url ?? "", "http://unknown.invalid");
    const exchange = createExchange(request, target);
    const decideDelivery = this.onRequest(exchange);

    const { localAddress, host } = this.#routeTo(target.hostname);
    const upstream = httpRequest({
      host,
      port: target.port || 80,
      method: request.method,
      path: exchange.path,
      headers: withoutHeaders(request.rawHeaders, /^proxy-/i),
      setHost: false,
      agent: this.#agentFrom(localAddress),
    });
    request.on("data", (chunk: Buffer) => (exchange.requestBody += chunk.toString()));
    request.pipe(upstream);
    upstream.once("error", () => request.socket.destroy());
    // A request with a rule must finish on the server even if the browser disconnects.
    if (decideDelivery === null) response.once("close", () => upstream.destroy());

    upstream.once("response", async (appResponse) => {
      // The app closed the connection during the response: close the browser's connection too.
      appResponse.once("error", () => request.socket.destroy());
      exchange.status = appResponse.statusCode ?? 0;
      exchange.location = appResponse.headers.location ?? null;
      exchange.requestId = String(appResponse.headers["x-request-id"] ?? "") || null;
      exchange.setCookies = appResponse.headers["set-cookie"] ?? [];
      const sendHead = () => {
        // These headers describe the connection to the app, not the one to the browser.
        const headers = withoutHeaders(appResponse.rawHeaders, /^(connection|keep-alive|transfer-encoding)$/i);
        response.writeHead(exchange.status ?? 0, appResponse.statusMessage, headers);
      };
      if (decideDelivery === null) {
        sendHead();
        return void appResponse.pipe(response);
      }
      const body = await readBody(appResponse);
      if (body === null) return;
      if ((await decideDelivery()) === "drop" || this.#isDisconnected) return void request.socket.resetAndDestroy();
      sendHead();
      response.end(body);
    });
  }

  #tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#isDisconnected) return void socket.destroy();
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect({ ...this.#routeTo(hostname), port: Number(port || 80) });
    const tunnel: Tunnel = { sent: head.toString(), received: "" };
    this.tunnels.push(tunnel);
    upstream.once("connect", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      socket.on("data", (chunk: Buffer) => (tunnel.sent += chunk.toString()));
      upstream.on("data", (chunk: Buffer) => (tunnel.received += chunk.toString()));
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    socket.once("close", () => upstream.destroy());
  }

  #routeTo(hostname: string): { host: string; localAddress?: string } {
    const isHere = hostname === "localhost" || hostname === LOOPBACK;
    return isHere ? { host: LOOPBACK, localAddress: this.address } : { host: hostname };
  }

  #agentFrom(localAddress: string | undefined): Agent {
    const known = this.#agents.get(localAddress ?? "");
    if (known) return known;
    const agent = new Agent({ keepAlive: true, localAddress });
    this.#agents.set(localAddress ?? "", agent);
    return agent;
  }
}

function createExchange(request: IncomingMessage, target: URL): HttpExchange {
  return {
    method: request.method ?? "",
    path: target.pathname + target.search,
    requestHeaders: request.headers,
    requestBody: "",
    status: null,
    location: null,
    requestId: null,
    setCookies: [],
  };
}

/** Null if the response was cut off. */
async function readBody(message: IncomingMessage): Promise<Buffer | null> {
  try {
    return Buffer.concat(await message.toArray());
  } catch {
    return null;
  }
}

function withoutHeaders(raw: string[], excluded: RegExp): string[] {
  return raw.filter((_, at) => !excluded.test(raw[at - (at % 2)] ?? ""));
}
