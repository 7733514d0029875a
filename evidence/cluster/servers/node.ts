import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { findServerPort } from "@/scripts/loopback.mjs";
import type { Installation } from "@/scripts/mysql/installation.mjs";
import { startPrivateServer, type Server } from "@/scripts/mysql/private-server.mjs";

const QUERY_MILLISECONDS = 20_000;

/** A database server that others can reach on a port of the loopback network. */
export interface Node {
  name: string;
  port: number;
  server: Server;
}

export interface NodeOptions {
  name: string;
  directory: string;
  installation: Installation;
  options: (port: number) => readonly string[];
}

export async function startNode({ name, directory, installation, options }: NodeOptions): Promise<Node> {
  const port = await findServerPort();
  const network = ["--skip-networking=0", "--bind-address=127.0.0.1", `--port=${port}`];
  const own = () => [...network, ...FAST_COMMITS, ...options(port)];
  return { name, port, server: await startPrivateServer({ directory, installation, fresh: true, options: own }) };
}

/** A killed server loses nothing by this: the files are in the system's memory. Only the machine's crash would. */
const FAST_COMMITS = ["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"];

/** As on a real server: each commit is flushed to the disk. */
export const DURABLE_COMMITS = ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1"];

/** A connection of this program's own, not limited by what the app requires of a server. */
export async function connectAsRoot(server: Server): Promise<Connection> {
  const socketPath = new URL(server.url).searchParams.get("socketPath") ?? undefined;
  const connection = await createConnection({ socketPath, user: "root", connectTimeout: QUERY_MILLISECONDS });
  // The server may be killed while it executes a statement.
  connection.on("error", () => {});
  return connection;
}

/** Runs one statement on a connection of its own, as root. */
export async function query(server: Server, statement: string): Promise<RowDataPacket[]> {
  const connection = await connectAsRoot(server);
  try {
    const [rows] = await connection.query<RowDataPacket[]>({ sql: statement, timeout: QUERY_MILLISECONDS });
    return rows;
  } finally {
    connection.destroy();
  }
}

export async function run(server: Server, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await query(server, statement);
}

/** The status variable or system variable of this name, as text. */
export async function readStatus(server: Server, name: string): Promise<string> {
  const [row] = await query(server, `show global status like '${name}'`);
  return String(row?.Value ?? "");
}
