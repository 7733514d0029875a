import { connect, type Socket } from "node:net";
import type { Instance } from "@/evidence/fault-lab/instance";
import { pause } from "@/evidence/pause";

const ADDRESSES = 20;
const RECONNECT_MILLISECONDS = 500;
// On other systems 127.0.0.1 is the only loopback address.
const hasLoopbackNetwork = process.platform === "linux";

/** Opens connections without a request, and opens each again when it is closed. Resolves to a function that closes them. */
export async function openIdleConnections(instances: readonly Instance[], count: number): Promise<() => void> {
  const sockets = new Set<Socket>();
  let isOver = false;
  const open = (at: number) => {
    const { port } = instances[at % instances.length]!;
    const localAddress = hasLoopbackNetwork ? { localAddress: `127.1.0.${1 + (at % ADDRESSES)}` } : {};
    const socket = connect({ host: "127.0.0.1", port, ...localAddress });
    sockets.add(socket.on("error", () => {}).resume());
    socket.once("close", () => {
      sockets.delete(socket);
      setTimeout(() => isOver || open(at), RECONNECT_MILLISECONDS);
    });
  };
  for (let at = 0; at < count; at++) open(at);
  await pause(RECONNECT_MILLISECONDS);
  return () => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
  };
}
