import { connect } from "node:net";

/**
 * Asks a server for its greeting, which it gives before any login. No driver is needed, so this works before npm ci.
 * @param {{ path: string } | { host: string, port: number }} address
 * @param {number} seconds
 * @returns {Promise<string>} the version the server says it is
 */
export function readGreeting(address, seconds) {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const fail = (/** @type {Error} */ error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(seconds * 1000, () => fail(new Error(`no answer within ${seconds} s`)));
    socket.once("error", fail);
    socket.once("close", () => reject(new Error("it hung up without a greeting")));
    socket.once("data", (packet) => {
      // Four bytes of packet header, the protocol's version (10; 255 is an error), then the server's version up to a zero.
      const text = packet.subarray(5, packet.indexOf(0, 5)).toString("latin1");
      if (packet[4] === 10) resolve(text);
      else
        fail(
          new Error(packet[4] === 255 ? packet.subarray(7).toString("latin1") : "it does not speak MySQL's protocol"),
        );
      socket.destroy();
    });
  });
}
