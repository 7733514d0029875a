import "@/server/runtime/testing-env";
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from "node:net";
import { sql, type Kysely } from "kysely";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { connect } from "@/db/connect";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import type { Database, NewUser } from "@/db/schema";
import { existingUser, useTestDatabase, type TestDatabase } from "@/db/testing";
import { closeDatabase, database as appDatabase } from "@/server/runtime/database";
import { log } from "@/server/runtime/log";
import { callerOf } from "./gate/authenticate";
import { login, type LoginResult } from "./login/login";
import type { Caller } from "./policy/credentials";
import { secondsAfter } from "./policy/lifetimes";
import { readAccessToken } from "./tokens/access-token";
import { readCookies, type CookieToSet, type PresentedCookies } from "./tokens/cookies";
import { issueTokens, type IssuedTokens } from "./sessions/issue-tokens";
import { openSession } from "./sessions/open-session";
import { refresh } from "./sessions/refresh";
import { readRevocations } from "./sessions/revocation-feed";
import { ADA } from "./testing";

log.level = "silent";

/** The present of the tests. Tokens contain whole seconds, rows milliseconds. */
export const T0 = new Date("2026-11-21T12:00:00.250Z");
export const later = (seconds: number) => secondsAfter(T0, seconds);

export const PASSWORD = "correct horse battery staple";
export const NEW_PASSWORD = "violet kettle orbits 41 mountains";

/** `useTestDatabase` for tests that call the app: it uses this database too, and has read the revocation feed. */
export function useAppDatabase(): TestDatabase {
  const database = useTestDatabase();
  beforeAll(async () => {
    process.env.DATABASE_URL = database.url;
    await readRevocations(appDatabase());
  });
  afterAll(closeDatabase);
  return database;
}

/** A login of an account without a second factor. */
export async function logIn(...given: Parameters<typeof login>): Promise<IssuedTokens> {
  return signedIn(await login(...given));
}

export function signedIn(result: LoginResult): IssuedTokens {
  if (result.kind !== "signed-in") throw new Error("The login asks for a second factor.");
  return result;
}

export interface SignedInTestSession {
  id: string;
  userId: string;
  /** For `openSession`: another session of the same user. */
  user: Parameters<typeof openSession>[1];
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
  return { id: session.id, userId: user.id, user, accessToken: cookies[0]!.value, refreshToken: cookies[1]!.value };
}

export function cookieHeader({ accessToken, refreshToken }: Partial<SignedInTestSession>): string {
  return [accessToken && `__acc=${accessToken}`, refreshToken && `__ref=${refreshToken}`].filter(Boolean).join("; ");
}

export function cookiesOf(session: Partial<SignedInTestSession>): PresentedCookies {
  return readCookies(cookieHeader(session));
}

/** The caller of a request with the access token of a session, by default of one that was opened at T0. */
export async function callerWith({ accessToken }: SignedInTestSession, now = T0): Promise<Caller> {
  return callerOf((await readAccessToken(accessToken, ADA, now))!);
}

/** The refresh token among the cookies of an outcome, or null if none was issued. */
export function refreshTokenIn(outcome: { cookies?: CookieToSet[] }): string | null {
  return outcome.cookies?.find(({ name }) => name.endsWith("__ref"))?.value ?? null;
}

/** A database for the tests of a file, and refreshes of sessions in it. */
export function useRefreshes() {
  const database = useTestDatabase();

  /** Refreshes. Returns the outcome, its short name, and the token that the browser has afterwards. */
  async function refreshAt(token: string, seconds: number, client = ADA) {
    const outcome = await refresh(database.db, token, client, later(seconds));
    const result =
      outcome.kind === "refreshed" ? outcome.verdict : outcome.kind === "ended" ? outcome.reason : outcome.kind;
    return { result, outcome, token: refreshTokenIn(outcome as { cookies?: [] }) ?? token };
  }
  return { database, refreshAt };
}

const POOL = Symbol.for("portcullis.database");

/** The number of statements, counted by the server, that `run` executes on a pool of one connection. */
export async function countStatements(url: string, run: (db: Kysely<Database>) => Promise<unknown>): Promise<number> {
  // Without the check of the server, which the pool makes once a second.
  const db = connect(url, { poolSize: 1, verifySeconds: 3600 });
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

/** Advances the monotonic clock of the feed, and leaves the clock of the database alone. */
export async function secondsPass<Result>(seconds: number, run: () => Promise<Result>): Promise<Result> {
  const { now } = performance;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + seconds * 1000);
  try {
    return await run();
  } finally {
    clock.mockRestore();
  }
}

/** A connection for which the server's clock is ahead by `seconds`. */
export async function databaseAt<Result>(
  url: string,
  seconds: number,
  run: (db: Kysely<Database>) => Promise<Result>,
): Promise<Result> {
  const db = connect(url, { poolSize: 1 });
  try {
    await sql`set timestamp = unix_timestamp(now(3)) + ${seconds}`.execute(db);
    return await run(db);
  } finally {
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
  const [{ socketPath, host = "localhost", port = 3306 }] = parseDatabaseUrl(url);
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
