import { sql, type Kysely } from "kysely";
import { expect } from "vitest";
import { connect } from "@/db/connect";
import type { Database, NewUser } from "@/db/schema";
import { existingUser } from "@/db/testing";
import { log } from "@/server/log";
import type { CookieToSet } from "./cookies";
import { grantBoth } from "./grants";
import { openSession } from "./open-session";
import { ADA } from "./testing";

log.level = "silent";

export interface SignedInTestSession {
  id: string;
  userId: string;
  accessToken: string;
  refreshToken: string;
}

/** A session of a new user, opened at `now` as a login would, with the tokens that its browser received. */
export async function signedInSession(
  db: Kysely<Database>,
  now: Date,
  { client = ADA, remember = true, ...given }: Partial<NewUser> & { client?: typeof ADA; remember?: boolean } = {},
): Promise<SignedInTestSession> {
  const user = { role: "user", ...(await existingUser(db, given)) };
  const session = await openSession(db, user, remember, client, now);
  if (session === null) throw new Error("The session was not opened.");
  const { cookies } = await grantBoth(session, client, now);
  return { id: session.id, userId: user.id, accessToken: cookies[0]!.value, refreshToken: cookies[1]!.value };
}

/** The refresh token among the cookies of an outcome, or null if none was handed out. */
export function refreshTokenIn(outcome: { cookies?: CookieToSet[] }): string | null {
  return outcome.cookies?.find(({ name }) => name.endsWith("__ref"))?.value ?? null;
}

const POOL = Symbol.for("portcullis.database");

/** How many statements the server counts while `run`, and the app below it, use the one connection there is. */
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

/** The reason of a refusal, whichever instance's class it is of. */
export async function reasonOf(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => expect.fail("nothing was refused"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error && "reason" in error) return String(error.reason);
  throw error;
}
