import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { readOutput } from "./command.mjs";

/** Below the range from which systems take the ports of outgoing connections, and of servers that ask for any port. */
const SERVER_PORTS = { least: 20_000, most: 32_000 };
/**
 * Several servers of one process may ask before the first of them listens.
 * @type {Set<number>}
 */
const consideredPorts = new Set();

/** @returns {Promise<number>} a free port that no outgoing connection takes before a server listens on it, or between two starts */
export async function findServerPort() {
  const { least, most } = SERVER_PORTS;
  for (;;) {
    const port = least + Math.floor(Math.random() * (most - least));
    if (consideredPorts.has(port)) continue;
    consideredPorts.add(port);
    if (!(await isPortInUse(port))) return port;
  }
}

/** Whether any process listens on this port, on any address. @param {number} port  @returns {Promise<boolean>} */
export function isPortInUse(port) {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", (/** @type {NodeJS.ErrnoException} */ error) =>
      error.code === "EADDRINUSE" ? resolve(true) : reject(error),
    );
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}

/**
 * The process that listens on a port; null where the system does not report it.
 * @param {number} port
 * @returns {Promise<{ pid: number, command: string } | null>}
 */
export async function findListener(port) {
  const pid = process.platform === "linux" ? findListenerInProc(port) : await findListenerByLsof(port);
  if (pid === null) return null;
  const command = (await readOutput("ps", ["-o", "command=", "-p", String(pid)]))?.trim() ?? commandInProc(pid);
  return { pid, command: command.length > 80 ? `${command.slice(0, 79)}…` : command };
}

/** @param {number} port */
function findListenerInProc(port) {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readOrEmpty(table).split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === "0A" && local?.endsWith(`:${hex}`)) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const holds = readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
      if (holds) return Number(pid);
    } catch {
      // The process belongs to another user or has exited.
    }
  }
  return null;
}

/** @param {number} pid */
function commandInProc(pid) {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** @param {string} file */
function readOrEmpty(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** @param {number} port */
async function findListenerByLsof(port) {
  const said = await readOutput("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"]);
  return Number(said?.split("\n")[0]) || null;
}
