import "server-only";
import type { Server } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import type { Env } from "@/server/runtime/env";
import { isLoopbackHost } from "@/server/runtime/loopback-host";

type Settings = Pick<Env, "APP_ORIGIN" | "HOST" | "PORT">;

/** The addresses to listen on; undefined means all interfaces. localhost has two addresses, and a browser may try either. */
export function listenAddresses({ APP_ORIGIN, HOST }: Omit<Settings, "PORT">): [string | undefined, ...string[]] {
  const name = HOST ?? loopbackHostOf(APP_ORIGIN);
  return name === "localhost" ? ["127.0.0.1", "::1"] : [name];
}

/** With a loopback origin the app does not listen on the network. */
function loopbackHostOf(origin: string): string | undefined {
  const { protocol, hostname } = new URL(origin);
  // TLS ends at a proxy, which may run on another machine or in another container.
  if (protocol === "https:" || !isLoopbackHost(hostname)) return undefined;
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/**
 * Listens on every address, or on the first alone if the machine has no IPv6. Failures are "error" events of `server`;
 * server.close() also closes the second listener and waits for its connections.
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
    // An http.Server listens once: connections to the second address are passed to it as "connection" events.
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
        const secondClosed = new Promise((resolve) => second.close(resolve));
        return close((error) => void secondClosed.then(() => callback?.(error)));
      };
      onListening([address, other], port);
    });
  });
}
