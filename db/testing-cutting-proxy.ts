import { connect as connectSocket, createServer, type AddressInfo, type Socket } from "node:net";
import { parseDatabaseUrl } from "./connect";

export interface ConnectionCut {
  /** Counted over the statements that are sent from now on, from 1. */
  statement: number;
  /** The server never receives it, or has carried it out and its reply is lost. */
  when: "before" | "after";
  /** Whether new connections are refused until `restore`. */
  refusesReconnects: boolean;
}

const COM_QUERY = 3;

/** Stands between a pool and the server, and cuts the connection at a chosen statement, once. */
export async function startCuttingProxy(url: string) {
  const { socketPath, host = "localhost", port = 3306 } = parseDatabaseUrl(url);
  const sockets = new Set<Socket>();
  let cut: ConnectionCut | null = null;
  let isAway = false;
  let sent = 0;

  const listener = createServer((near) => {
    const far = socketPath ? connectSocket(socketPath) : connectSocket(port, host);
    for (const socket of [near, far])
      sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    const end = () => [near, far].forEach((socket) => socket.destroy());
    if (isAway) return end();
    near.on("close", end);
    far.on("close", end);
    let received: Buffer = Buffer.alloc(0);
    let losesReply = false;
    near.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 5 && received.length >= 4 + received.readUIntLE(0, 3)) {
        const packet = received.subarray(0, 4 + received.readUIntLE(0, 3));
        received = received.subarray(packet.length);
        const isDue = packet[3] === 0 && packet[4] === COM_QUERY && cut !== null && ++sent === cut.statement;
        if (isDue) isAway = cut!.refusesReconnects;
        if (isDue && cut!.when === "before") return end();
        losesReply ||= isDue;
        far.write(packet);
      }
    });
    far.on("data", (chunk: Buffer) => (losesReply ? end() : near.write(chunk)));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));

  const through = new URL(url);
  through.searchParams.delete("socketPath");
  through.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    url: through.href,
    cutAt(next: ConnectionCut): void {
      cut = next;
      sent = 0;
    },
    /** Whether there were so many statements. */
    wasCut: () => cut !== null && sent >= cut.statement,
    restore(): void {
      isAway = false;
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
