import { connect } from "node:net";

/**
 * Reads the greeting that a server sends before login. Needs no driver, so it works before npm ci.
 * @param {{ path: string } | { host: string, port: number }} address
 * @param {number} seconds
 * @returns {Promise<string>} the version in the greeting
 */
export function readGreeting(address, seconds) {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const fail = (/** @type {Error} */ error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(seconds * 1000, () => fail(new Error(`no response within ${seconds} s`)));
    socket.once("error", fail);
    socket.once("close", () => reject(new Error("the connection was closed without a greeting")));
    socket.once("data", (packet) => {
      // Four bytes of packet header, the protocol version (10; 255 is an error), then the server version up to a zero byte.
      const text = packet.subarray(5, packet.indexOf(0, 5)).toString("latin1");
      if (packet[4] === 10) resolve(text);
      else fail(new Error(packet[4] === 255 ? packet.subarray(7).toString("latin1") : "not a MySQL server"));
      socket.destroy();
    });
  });
}
