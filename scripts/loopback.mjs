import { createServer } from "node:net";

/** @returns {Promise<number>} a port on which nothing listens */
export function findFreePort() {
  return listenOnce(0, "127.0.0.1");
}

/** Whether somebody else listens on this port, on any address. @param {number} port */
export async function isTaken(port) {
  try {
    await listenOnce(port);
    return false;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EADDRINUSE") return true;
    throw error;
  }
}

/** @param {number} port  @param {string} [host]  @returns {Promise<number>} */
function listenOnce(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen({ port, host, exclusive: true }, () => {
      const { port: given } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(given));
    });
  });
}
