import { connect as connectSocket, createServer, type AddressInfo, type Socket } from "node:net";
import { sql, type Kysely } from "kysely";
import { expect } from "vitest";
import { connect, parseDatabaseUrl } from "@/db/connect";
import type { Database, NewUser } from "@/db/schema";
import { existingUser } from "@/db/testing";
import { log } from "@/server/runtime/log";
import type { CookieToSet } from "./tokens/cookies";
import { issueTokens } from "./sessions/issue-tokens";
import { openSession } from "./sessions/open-session";
import { ADA } from "./testing";

log.level = "silent";

export interface SignedInTestSession {
  id: string;
  userId: string;
  accessToken: string;
  refreshToken: string;
}

/** A session of a new user, opened at `now` as by a login, with its tokens. */
export async function signedInSession(
  db: Kysely<Database>,
  now: Date,
  { client = ADA, remember = true, ...given }: Partial<NewUser> & { client?: typeof ADA; remember?: boolean } = {},
): Promise<SignedInTestSession> {
  const user = { role: "user", ...(await existingUser(db, given)) };
  const session = await openSession(db, user, remember, client, now);
  if (session === null) throw new Error("The session was not opened.");
  const { cookies } = await issueTokens(session, client, now);
  return { id: session.id, userId: user.id, accessToken: cookies[0]!.value, refreshToken: cookies[1]!.value };
}

/** The refresh token among the cookies of an outcome, or null if none was issued. */
export function refreshTokenIn(outcome: { cookies?: CookieToSet[] }): string | null {
  return outcome.cookies?.find(({ name }) => name.endsWith("__ref"))?.value ?? null;
}

const POOL = Symbol.for("portcullis.database");

/** The number of statements, counted by the server, that `run` executes on a pool of one connection. */
export async function countStatements(url: string, run: (db: Kysely<Database>) => Promise<unknown>): Promise<number> {
  const db = connect(url, { poolSize: 1 });
  const questions = async () => {
    const { rows } = await sql<Record<string, string>>`show session status like 'Questions'`.execute(db);
    return Number(Object.values(rows[0]!)[1]);
  };
  const shared = globalThis as Record<symbol, unknown>;
  const own = shared[POOL];
  shared[POOL] = db;
  try {
    const before = await questions();
    await run(db);
    return (await questions()) - before - 1;
  } finally {
    if (own === undefined) delete shared[POOL];
    else shared[POOL] = own;
    await db.destroy();
  }
}

/** The reason of a refusal, which may be of another instance's class. */
export async function reasonOf(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => expect.fail("The call was not refused."),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error && "reason" in error) return String(error.reason);
  throw error;
}

/** A pool that connects through a proxy which a test can close: the server is then unavailable for this pool only. */
export async function connectThroughProxy(url: string) {
  const { socketPath, host = "localhost", port = 3306 } = parseDatabaseUrl(url);
  const open = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = socketPath ? connectSocket(socketPath) : connectSocket(port, host);
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      open.add(from);
      from.on("error", () => {});
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  const listen = (at: number) => new Promise<void>((resolve) => listener.listen(at, "127.0.0.1", resolve));
  await listen(0);
  const { port: proxyPort } = listener.address() as AddressInfo;
  const address = new URL(url);
  address.searchParams.delete("socketPath");
  address.host = `127.0.0.1:${proxyPort}`;
  const db = connect(address.href, { poolSize: 4, acquireSeconds: 1, statementSeconds: 1 });

  const disconnect = async () => {
    const closed = new Promise((resolve) => listener.close(resolve));
    for (const socket of open) socket.destroy();
    open.clear();
    await closed;
  };
  return {
    db,
    disconnect,
    reconnect: () => listen(proxyPort),
    close: async () => {
      await db.destroy();
      if (listener.listening) await disconnect();
    },
  };
}
