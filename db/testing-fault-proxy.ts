import { connect as connectSocket, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { DatabaseAddress } from "./database-url.mjs";

/** A proxy between pool and server that simulates faults of network and server. */
export class FaultProxy {
  readonly #pairs = new Set<[Socket, Socket]>();
  #listener: Server | undefined;
  #isFrozen = false;
  #port = 0;
  /** Connections so far. */
  accepted = 0;

  /** New connections go to `target`. */
  constructor(public target: DatabaseAddress) {}

  async open(): Promise<void> {
    this.#listener = createServer((client) => {
      const { socketPath, host = "localhost", port = 3306 } = this.target;
      this.accepted += 1;
      const upstream = socketPath ? connectSocket(socketPath) : connectSocket(port, host);
      const pair: [Socket, Socket] = [client, upstream];
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [upstream, client] as const]) {
        from.on("error", () => {});
        from.on("close", () => to.destroy());
        from.pipe(to);
        if (this.#isFrozen) from.unpipe(to).pause();
      }
    });
    await new Promise<void>((resolve) => this.#listener!.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#listener.address() as AddressInfo).port;
  }

  get port(): number {
    return this.#port;
  }

  freeze(): void {
    this.#isFrozen = true;
    for (const [client, upstream] of this.#pairs) {
      client.unpipe(upstream).pause();
      upstream.unpipe(client).pause();
    }
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const [client, upstream] of this.#pairs) {
      client.pipe(upstream);
      upstream.pipe(client);
    }
  }

  /** Sends an unsolicited packet, as a server does when it closes an idle connection. */
  send(nonsense: Buffer): void {
    for (const [client] of this.#pairs) client.write(nonsense);
  }

  cut(how: "end" | "reset"): void {
    for (const [client] of this.#pairs) {
      if (how === "end") client.end();
      else client.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Refuses new connections and keeps the open ones. */
  refuse(): void {
    this.#listener?.close();
  }

  async close(): Promise<void> {
    this.cut("reset");
    await new Promise((resolve) => this.#listener?.close(resolve));
  }
}
