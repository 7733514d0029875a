import { connect as connectSocket, createServer, type AddressInfo, type Socket } from "node:net";
import { parseDatabaseUrl } from "./database-url.mjs";

export interface ConnectionCut {
  /** Number of the statement, counted from 1 from now on. */
  statement: number;
  /** Before: the server does not receive the statement. After: it executes it, and the response is lost. */
  when: "before" | "after";
  /** Whether new connections are refused until `restore`. */
  refusesReconnects: boolean;
}

const COM_QUERY = 3;

/** A proxy between a pool and the server that closes the connection once, at a chosen statement. */
export async function startCuttingProxy(url: string) {
  const [{ socketPath, host = "localhost", port = 3306 }] = parseDatabaseUrl(url);
  const sockets = new Set<Socket>();
  let cut: ConnectionCut | null = null;
  let isDown = false;
  let sent = 0;
  let refused = 0;

  const listener = createServer((client) => {
    const upstream = socketPath ? connectSocket(socketPath) : connectSocket(port, host);
    for (const socket of [client, upstream])
      sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    const end = () => [client, upstream].forEach((socket) => socket.destroy());
    if (isDown) {
      refused += 1;
      return end();
    }
    client.on("close", end);
    upstream.on("close", end);
    let received: Buffer = Buffer.alloc(0);
    let dropsResponse = false;
    client.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 5 && received.length >= 4 + received.readUIntLE(0, 3)) {
        const packet = received.subarray(0, 4 + received.readUIntLE(0, 3));
        received = received.subarray(packet.length);
        const isDue = packet[3] === 0 && packet[4] === COM_QUERY && cut !== null && ++sent === cut.statement;
        if (isDue) isDown = cut!.refusesReconnects;
        if (isDue && cut!.when === "before") return end();
        dropsResponse ||= isDue;
        upstream.write(packet);
      }
    });
    upstream.on("data", (chunk: Buffer) => (dropsResponse ? end() : client.write(chunk)));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));

  const proxied = new URL(url);
  proxied.searchParams.delete("socketPath");
  proxied.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    url: proxied.href,
    cutAt(next: ConnectionCut): void {
      cut = next;
      sent = 0;
    },
    /** Whether that statement was reached. */
    wasCut: () => cut !== null && sent >= cut.statement,
    /** Connections since the cut. */
    refused: () => refused,
    restore(): void {
      isDown = false;
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
