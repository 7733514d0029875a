import "server-only";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Answer } from "./answer";

interface Connection {
  socket: Socket;
  /** Responses that are not over yet: the one that is sent, and those pipelined behind it. */
  running: Set<Answer>;
  /** Called once no response is running any more. */
  whenIdle: (() => void) | null;
}

/** The open connections of a server: each has an error listener from its first moment. */
export class Connections {
  readonly #open = new Map<Duplex, Connection>();

  constructor(server: Server) {
    server.on("connection", (socket) => this.#admit(socket));
  }

  /** Counts a response as running until it closes. */
  begin(answer: Answer): void {
    const connection = this.#open.get(answer.req.socket);
    if (connection === undefined) return;
    connection.running.add(answer);
    answer.once("close", () => {
      connection.running.delete(answer);
      if (connection.running.size > 0 || !this.#open.has(connection.socket)) return;
      connection.whenIdle?.();
      connection.whenIdle = null;
    });
  }

  /** Whether bytes written now could be taken for the response of an earlier request, or for a part of one. */
  isAnswering(socket: Duplex): boolean {
    const running = this.#open.get(socket)?.running ?? [];
    return [...running].some((answer) => answer.headersSent || answer.req.complete);
  }

  /** Calls back at once, or when all running responses are over; never if the connection closes before. */
  whenIdle(socket: Duplex, callback: () => void): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    if (connection.running.size === 0) callback();
    else connection.whenIdle = callback;
  }

  #admit(socket: Socket): void {
    // Node removes its own listener when it hands a socket over (CONNECT, upgrade); an error without any ends the process.
    socket.on("error", () => socket.destroy());

    const connection: Connection = { socket, running: new Set(), whenIdle: null };
    this.#open.set(socket, connection);
    socket.once("close", () => {
      this.#open.delete(socket);
      // Node closes only the response that holds the socket, not those queued behind it.
      for (const answer of connection.running) answer.closeWithConnection();
    });
  }
}
