import "server-only";
import type { Server } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { isLoopbackHost, type Env } from "@/server/runtime/env";

type Settings = Pick<Env, "APP_ORIGIN" | "HOST" | "PORT">;

/** The addresses to listen on; undefined is all of the machine's. A name like localhost has two, and a browser may try either. */
export function listenAddresses({ APP_ORIGIN, HOST }: Omit<Settings, "PORT">): [string | undefined, ...string[]] {
  const name = HOST ?? loopbackHostOf(APP_ORIGIN);
  return name === "localhost" ? ["127.0.0.1", "::1"] : [name];
}

/** An app that people open on this machine is not offered to its network. */
function loopbackHostOf(origin: string): string | undefined {
  const { protocol, hostname } = new URL(origin);
  // Behind https stands a proxy, which may be another machine or container.
  if (protocol === "https:" || !isLoopbackHost(hostname)) return undefined;
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/**
 * Listens on every address. A machine without IPv6 has the first alone. Failures are events of `server`, as those of its own
 * listen() are; server.close() also ends the others, and waits for their connections.
 */
export function listen(
  server: Server,
  settings: Settings,
  onListening: (addresses: string[], port: number) => void,
): void {
  const [first, ...others] = listenAddresses(settings);
  server.listen({ port: settings.PORT, host: first }, () => {
    const { address, port } = server.address() as AddressInfo;
    const [other] = others;
    if (other === undefined) return onListening([address], port);
    // http.Server listens once: what arrives at the second address is handed to it as if it had arrived at the first.
    const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit("connection", socket));
    second.maxConnections = server.maxConnections;
    second.on("error", (error: NodeJS.ErrnoException) => {
      const hasNoIpv6 = error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT";
      if (hasNoIpv6) onListening([address], port);
      else server.emit("error", error);
    });
    second.listen({ port, host: other, ipv6Only: true }, () => {
      const close = server.close.bind(server);
      server.close = (callback) => {
        const secondIsOver = new Promise((resolve) => second.close(resolve));
        return close((error) => void secondIsOver.then(() => callback?.(error)));
      };
      onListening([address, other], port);
    });
  });
}
