import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What the network does to one request and its reply. */
export interface NetworkFault {
  /** The port of the one instance that may have it. */
  instancePort?: number;
  /** The request never reaches an instance. */
  dropsRequest?: boolean;
  requestDelayMilliseconds?: number;
  /** Asked when the first byte of the reply is there, so when the work is done: whether the client may have it. */
  deliversResponse?: (arrivedAt: number) => Promise<boolean>;
}

/**
 * Stands before all instances and has no memory: each connection goes to any of them, and to another if that one is down.
 * It works on bytes, keeps the client's address, and loses, delays and cuts what it is told to.
 */
export class LoadBalancer {
  readonly #server: Server;
  readonly #fates = new Map<string, NetworkFault>();
  readonly #clients = new Set<Socket>();

  private constructor(
    private readonly ports: readonly number[],
    private readonly draw: () => number,
  ) {
    this.#server = createServer((client) => this.#welcome(client));
  }

  static async open(ports: readonly number[], draw: () => number): Promise<LoadBalancer> {
    const front = new LoadBalancer(ports, draw);
    front.#server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 });
    await once(front.#server, "listening");
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** For the connection that comes from this port; said before its first byte. */
  setFault(address: string, port: number, fate: NetworkFault): void {
    this.#fates.set(`${address}:${port}`, fate);
  }

  /** Cuts whatever is under way. */
  resetConnections(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  close(): void {
    this.#server.close();
    this.resetConnections();
  }

  #welcome(client: Socket): void {
    this.#clients.add(client);
    const key = `${client.remoteAddress}:${client.remotePort}`;
    client.on("error", () => {});
    client.once("close", () => {
      this.#clients.delete(client);
      this.#fates.delete(key);
    });
    client.once("data", (first) => {
      client.pause();
      const fate = this.#fates.get(key) ?? {};
      if (fate.dropsRequest) return void client.resetAndDestroy();
      const ports = fate.instancePort === undefined ? this.#order() : [fate.instancePort];
      setTimeout(() => this.#forward(client, first, fate, ports), fate.requestDelayMilliseconds ?? 0);
    });
  }

  #order(): number[] {
    const at = Math.floor(this.draw() * this.ports.length);
    return [...this.ports.slice(at), ...this.ports.slice(0, at)];
  }

  #forward(client: Socket, first: Buffer | string, fate: NetworkFault, [port, ...others]: number[]): void {
    if (port === undefined || client.destroyed) return void client.resetAndDestroy();
    const arrivedAt = performance.now();
    const upstream = connect({ host: "127.0.0.1", port, localAddress: client.remoteAddress });
    let isConnected = false;
    upstream.once("connect", () => {
      isConnected = true;
      upstream.write(first);
      client.pipe(upstream);
    });
    upstream.on("error", () => {
      if (isConnected) client.resetAndDestroy();
      else this.#forward(client, first, fate, others);
    });
    client.once("close", () => upstream.destroy());
    // Without a reply: the instance has died. With one, whoever decides about the reply decides about the end, too.
    let hasReplied = false;
    upstream.once("close", () => isConnected && !hasReplied && client.end());
    upstream.once("data", async (outcome) => {
      hasReplied = true;
      upstream.pause();
      if (fate.deliversResponse && !(await fate.deliversResponse(arrivedAt))) return void client.resetAndDestroy();
      if (!client.destroyed) client.write(outcome);
      if (upstream.readableEnded || upstream.destroyed) client.end();
      else upstream.pipe(client);
    });
  }
}
