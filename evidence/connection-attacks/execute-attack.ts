import { connect } from "node:net";
import type { Attack } from "./attack-generator";

const MAX_CONNECTION_MILLISECONDS = 4000;

/** Returns the ids of the requests that were answered when the connection is closed. Never throws. */
export function executeAttack(port: number, { bytes, end, neverReads }: Attack): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const received: Buffer[] = [];
    const reset = () => void socket.resetAndDestroy();
    const limit = setTimeout(reset, MAX_CONNECTION_MILLISECONDS);
    socket.once("close", () => {
      clearTimeout(limit);
      const heads = Buffer.concat(received).toString("latin1");
      resolve([...heads.matchAll(/^x-request-id: ([\w-]+)\r$/gim)].map(([, id]) => id!));
    });
    socket.on("error", () => {});
    socket.setNoDelay(true);
    if (neverReads) socket.pause();
    else socket.on("data", (chunk) => received.push(chunk));
    socket.once("connect", () => {
      if (end.kind === "half-close") return void socket.end(bytes);
      socket.write(bytes);
      if (end.kind === "reset at first byte") socket.once("data", reset);
      else setTimeout(reset, end.milliseconds);
    });
  });
}
