import "server-only";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { addressGroup, resolveClientAddress } from "@/server/auth/client/client-address";
import type { EntryResponse } from "./response";

export interface ConnectionLimits {
  perProcess: number;
  /** Infinity behind trusted proxies: their connections carry the requests of all clients. */
  perAddress: number;
}

interface Address {
  openCount: number;
  /** Longest idle first. */
  idle: Set<Connection>;
}

interface Connection {
  socket: Socket;
  group: string;
  /** Responses that are not over yet: the one that is sent, and those pipelined behind it. */
  activeResponses: Set<EntryResponse>;
  /** Called once no response is running any more. */
  onIdle: (() => void) | null;
}

const MAX_CONNECTIONS = 8192;
/** A browser opens six. */
const MAX_CONNECTIONS_PER_ADDRESS = 512;

/** One descriptor for the connection, one for a file it is sent, one for everything else in the process. */
const DESCRIPTORS_PER_CONNECTION = 3;

/** How many connections leave enough descriptors for modules, files, the log and the database. */
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
  // A factor below 1 is for tests of other limits.
  const perAddress = Math.floor(MAX_CONNECTIONS_PER_ADDRESS * Math.max(1, settings.RATE_LIMIT_FACTOR));
  return { perProcess, perAddress: Math.min(perAddress, Math.ceil(perProcess / 2)) };
}

/** The open connections of a server: each has an error listener from its first moment, and their number is limited. */
export class Connections {
  readonly #open = new Map<Duplex, Connection>();
  readonly #idle = new Set<Connection>();
  readonly #addresses = new Map<string, Address>();

  constructor(
    server: Server,
    private readonly limits: ConnectionLimits,
    private readonly refuse: (socket: Socket) => void,
  ) {
    server.on("connection", (socket) => this.#admit(socket));
  }

  /** Counts a response as running until it closes. */
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

  /** Whether bytes written now could be taken for the response of an earlier request, or for a part of one. */
  hasResponseInProgress(socket: Duplex): boolean {
    const running = this.#open.get(socket)?.activeResponses ?? [];
    return [...running].some((response) => response.headersSent || response.req.complete);
  }

  /** Calls back at once, or when all running responses are over; never if the connection closes before. */
  onIdle(socket: Duplex, callback: () => void): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    if (connection.activeResponses.size === 0) callback();
    else connection.onIdle = callback;
  }

  #admit(socket: Socket): void {
    // Node removes its own listener when it hands a socket over (CONNECT, upgrade); an error without any ends the process.
    socket.on("error", () => socket.destroy());
    const group = addressGroup(resolveClientAddress(socket.remoteAddress, undefined, 0));
    const address = this.#addresses.get(group) ?? { openCount: 0, idle: new Set() };
    if (address.openCount >= this.limits.perAddress && !this.#closeLongestIdle(address.idle))
      return this.refuse(socket);
    if (this.#open.size >= this.limits.perProcess && !this.#closeLongestIdle(this.#idle)) return this.refuse(socket);

    const connection: Connection = { socket, group, activeResponses: new Set(), onIdle: null };
    address.openCount += 1;
    this.#addresses.set(group, address);
    this.#open.set(socket, connection);
    this.#setIdle(connection, true);
    socket.once("close", () => {
      this.#forget(connection);
      // Node closes only the response that holds the socket, not those queued behind it.
      for (const response of connection.activeResponses) response.closeWithConnection();
    });
  }

  #closeLongestIdle([longest]: Set<Connection>): boolean {
    if (longest === undefined) return false;
    this.#forget(longest);
    longest.socket.destroy();
    return true;
  }

  #forget(connection: Connection): void {
    if (!this.#open.delete(connection.socket)) return;
    this.#setIdle(connection, false);
    const address = this.#addresses.get(connection.group);
    if (address === undefined) return;
    address.openCount -= 1;
    if (address.openCount === 0) this.#addresses.delete(connection.group);
  }

  #setIdle(connection: Connection, isIdle: boolean): void {
    const change = isIdle ? "add" : "delete";
    this.#idle[change](connection);
    this.#addresses.get(connection.group)?.idle[change](connection);
  }
}
