import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What happens to one request and its response. */
export interface NetworkFault {
  /** Forwards to this instance only. */
  instancePort?: number;
  dropsRequest?: boolean;
  requestDelayMilliseconds?: number;
  /** Called when the first byte of the response arrives, so after the work is done. False resets the client connection. */
  deliversResponse?: (arrivedAt: number) => Promise<boolean>;
}

/**
 * Forwards each connection to a random instance, and to the other one if it is down. Works on bytes, keeps the client's address,
 * and drops, delays and resets as its faults say.
 */
export class LoadBalancer {
  /** Also after `close`: clients that still run are then refused. */
  port = 0;
  readonly #server: Server;
  readonly #faults = new Map<string, NetworkFault>();
  readonly #clients = new Set<Socket>();

  private constructor(
    private readonly ports: readonly number[],
    private readonly random: () => number,
  ) {
    this.#server = createServer((client) => this.#accept(client));
  }

  static async open(ports: readonly number[], random: () => number): Promise<LoadBalancer> {
    const balancer = new LoadBalancer(ports, random);
    balancer.#server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 });
    await once(balancer.#server, "listening");
    balancer.port = (balancer.#server.address() as AddressInfo).port;
    return balancer;
  }

  /** Sets the fault for the connection from this address and port, before its first byte. */
  setFault(address: string, port: number, fault: NetworkFault): void {
    this.#faults.set(`${address}:${port}`, fault);
  }

  resetConnections(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  close(): void {
    this.#server.close();
    this.resetConnections();
  }

  #accept(client: Socket): void {
    this.#clients.add(client);
    const key = `${client.remoteAddress}:${client.remotePort}`;
    client.on("error", () => {});
    client.once("close", () => {
      this.#clients.delete(client);
      this.#faults.delete(key);
    });
    client.once("data", (first) => {
      client.pause();
      const fault = this.#faults.get(key) ?? {};
      if (fault.dropsRequest) return void client.resetAndDestroy();
      const ports = fault.instancePort === undefined ? this.#instanceOrder() : [fault.instancePort];
      setTimeout(() => this.#forward(client, first, fault, ports), fault.requestDelayMilliseconds ?? 0);
    });
  }

  #instanceOrder(): number[] {
    const at = Math.floor(this.random() * this.ports.length);
    return [...this.ports.slice(at), ...this.ports.slice(0, at)];
  }

  #forward(client: Socket, first: Buffer | string, fault: NetworkFault, [port, ...others]: number[]): void {
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
      else this.#forward(client, first, fault, others);
    });
    client.once("close", () => upstream.destroy());
    // A close without a response means that the instance died. After a response, the response handler ends the connection.
    let hasResponded = false;
    upstream.once("close", () => isConnected && !hasResponded && client.end());
    upstream.once("data", async (response) => {
      hasResponded = true;
      upstream.pause();
      if (fault.deliversResponse && !(await fault.deliversResponse(arrivedAt))) return void client.resetAndDestroy();
      if (!client.destroyed) client.write(response);
      if (upstream.readableEnded || upstream.destroyed) client.end();
      else upstream.pipe(client);
    });
  }
}
