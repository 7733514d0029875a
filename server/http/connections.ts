import "server-only";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { addressGroup, resolveClientAddress } from "@/server/auth/client/client-address";
import type { EntryResponse } from "./response";

export interface ConnectionLimits {
  perProcess: number;
  /** Infinity behind trusted proxies, whose connections carry the requests of all clients. */
  perAddress: number;
}

interface AddressConnections {
  openCount: number;
  /** In the order in which they became idle. */
  idle: Set<Connection>;
}

interface Connection {
  socket: Socket;
  group: string;
  /** Responses that have not closed yet: the one being sent, and those pipelined behind it. */
  activeResponses: Set<EntryResponse>;
  /** Called once when the last active response has closed. */
  onIdle: (() => void) | null;
}

const MAX_CONNECTIONS = 8192;
/** A browser opens six connections to an origin. */
const MAX_CONNECTIONS_PER_ADDRESS = 512;

/** One for the connection, one for the file that it is sent, one for everything else in the process. */
const DESCRIPTORS_PER_CONNECTION = 3;

/** The number of connections that leaves enough file descriptors for modules, files, the log and the database. */
export function maxConnectionsOfProcess(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const descriptors = Number(userLimits?.open_files?.soft);
  if (Number.isNaN(descriptors)) return MAX_CONNECTIONS;
  return Math.min(MAX_CONNECTIONS, Math.floor(descriptors / DESCRIPTORS_PER_CONNECTION));
}

export function connectionLimits(settings: {
  RATE_LIMIT_FACTOR: number;
  TRUSTED_PROXY_HOPS: number;
  maxConnections?: number | undefined;
}): ConnectionLimits {
  const perProcess = settings.maxConnections ?? MAX_CONNECTIONS;
  if (settings.TRUSTED_PROXY_HOPS > 0) return { perProcess, perAddress: Infinity };
  // Tests of other limits use a factor below 1, which must not reduce this one.
  const perAddress = Math.floor(MAX_CONNECTIONS_PER_ADDRESS * Math.max(1, settings.RATE_LIMIT_FACTOR));
  return { perProcess, perAddress: Math.min(perAddress, Math.ceil(perProcess / 2)) };
}

/** Limits the open connections of a server per process and per address, and gives each an error listener on accept. */
export class Connections {
  readonly #open = new Map<Duplex, Connection>();
  readonly #idle = new Set<Connection>();
  readonly #addresses = new Map<string, AddressConnections>();

  constructor(
    server: Server,
    private readonly limits: ConnectionLimits,
    private readonly rejectSocket: (socket: Socket) => void,
  ) {
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** Counts the connection as active until the response closes. */
  trackResponse(response: EntryResponse): void {
    const connection = this.#open.get(response.req.socket);
    if (connection === undefined) return;
    this.#setIdle(connection, false);
    connection.activeResponses.add(response);
    response.once("close", () => {
      connection.activeResponses.delete(response);
      if (connection.activeResponses.size > 0 || !this.#open.has(connection.socket)) return;
      this.#setIdle(connection, true);
      connection.onIdle?.();
      connection.onIdle = null;
    });
  }

  /** Whether a client could read bytes written now as the response to an earlier request, or as a part of it. */
  hasResponseInProgress(socket: Duplex): boolean {
    const active = this.#open.get(socket)?.activeResponses ?? [];
    return [...active].some((response) => response.headersSent || response.req.complete);
  }

  /** Calls back when no response is active, at once if none is; never if the connection closes first. */
  onIdle(socket: Duplex, callback: () => void): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    if (connection.activeResponses.size === 0) callback();
    else connection.onIdle = callback;
  }

  #accept(socket: Socket): void {
    // Node removes its own listener on CONNECT and upgrade, and an error event without a listener ends the process.
    socket.on("error", () => socket.destroy());
    const group = addressGroup(resolveClientAddress(socket.remoteAddress, undefined, 0));
    const address = this.#addresses.get(group) ?? { openCount: 0, idle: new Set() };
    if (address.openCount >= this.limits.perAddress && !this.#closeLongestIdle(address.idle))
      return this.rejectSocket(socket);
    if (this.#open.size >= this.limits.perProcess && !this.#closeLongestIdle(this.#idle))
      return this.rejectSocket(socket);

    const connection: Connection = { socket, group, activeResponses: new Set(), onIdle: null };
    address.openCount += 1;
    this.#addresses.set(group, address);
    this.#open.set(socket, connection);
    this.#setIdle(connection, true);
    socket.once("close", () => {
      this.#remove(connection);
      // Node closes only the response that holds the socket, not those queued behind it.
      for (const response of connection.activeResponses) response.closeWithConnection();
    });
  }

  #closeLongestIdle([longestIdle]: Set<Connection>): boolean {
    if (longestIdle === undefined) return false;
    this.#remove(longestIdle);
    longestIdle.socket.destroy();
    return true;
  }

  #remove(connection: Connection): void {
    if (!this.#open.delete(connection.socket)) return;
    this.#setIdle(connection, false);
    const address = this.#addresses.get(connection.group);
    if (address === undefined) return;
    address.openCount -= 1;
    if (address.openCount === 0) this.#addresses.delete(connection.group);
  }

  #setIdle(connection: Connection, isIdle: boolean): void {
    const operation = isIdle ? "add" : "delete";
    this.#idle[operation](connection);
    this.#addresses.get(connection.group)?.idle[operation](connection);
  }
}
