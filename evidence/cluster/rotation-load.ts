import { randomBytes, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { connect } from "@/db/connect";
import { insertUser } from "@/db/tables/users";
import { createDatabase, databaseUrl } from "@/evidence/database";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { migrate } from "@/scripts/schema.mjs";

const SESSIONS = 20;
/** Longer than the grace window: each refresh rotates. */
const STEP_SECONDS = 300;

/** Rotates sessions one after the other with the functions of the app, on a database of its own. */
export interface RotationLoad {
  /** Returns the milliseconds of each rotation. */
  rotate: (count: number) => Promise<number[]>;
  /** Sets a variable of the connection that rotates. */
  setVariable: (assignment: string) => Promise<void>;
  close: () => Promise<void>;
}

export async function openRotationLoad(server: Server): Promise<RotationLoad> {
  const { refresh, openSession, issueTokens, CLIENT } = await loadApp();
  const name = await createDatabase(server);
  const url = databaseUrl(server, name);
  await migrate(url);
  const db = connect(url, { poolSize: 1, acquireSeconds: 60, statementSeconds: 60 });
  const startedAt = new Date();
  const tokens: string[] = [];
  for (let index = 0; index < SESSIONS; index++) {
    const user = {
      id: randomUUID(),
      email: `${randomUUID()}@example.test`,
      fullName: "Ada Moat",
      passwordHash: randomBytes(32).toString("hex"),
      createdAt: startedAt,
      updatedAt: startedAt,
    };
    await insertUser(db, user);
    const session = await openSession(
      db,
      { ...user, role: "user", sessionEpoch: 0, emailVerifiedAt: startedAt },
      true,
      CLIENT,
      startedAt,
    );
    tokens.push(refreshTokenIn((await issueTokens(session!, CLIENT, startedAt)).cookies));
  }
  let turn = 0;
  const rotate = async (count: number) => {
    const times: number[] = [];
    for (let number = 0; number < count; number++, turn++) {
      const index = turn % SESSIONS;
      const now = new Date(startedAt.getTime() + (Math.floor(turn / SESSIONS) + 1) * STEP_SECONDS * 1000);
      const from = performance.now();
      const outcome = await refresh(db, tokens[index]!, CLIENT, now);
      times.push(performance.now() - from);
      if (outcome.kind !== "refreshed" || outcome.verdict !== "rotate") throw new Error(`Not rotated: ${outcome.kind}`);
      tokens[index] = refreshTokenIn(outcome.cookies);
    }
    return times;
  };
  const setVariable = async (assignment: string) => void (await sql.raw(`set session ${assignment}`).execute(db));
  return { rotate, setVariable, close: () => db.destroy() };
}

/** Its modules read the environment once, so it is set before they are loaded. */
async function loadApp() {
  const secrets = ["SESSION_SECRET", "JWT_ACCESS_SECRET", "ENCRYPTION_SECRET"].map((name) => [
    name,
    randomBytes(32).toString("base64url"),
  ]);
  const variables = { APP_ORIGIN: "http://localhost", DATABASE_URL: "mysql://root@localhost/unused" };
  Object.assign(process.env, variables, { RATE_LIMIT_FACTOR: "1000000" });
  for (const [name, value] of secrets) process.env[name!] ??= value;
  (await import("@/server/runtime/log")).log.level = "silent";
  return {
    ...(await import("@/server/auth/sessions/refresh")),
    ...(await import("@/server/auth/sessions/open-session")),
    ...(await import("@/server/auth/sessions/issue-tokens")),
    ...(await import("@/evidence/bench/seed-data")),
  };
}

function refreshTokenIn(cookies: readonly { name: string; value: string }[]): string {
  return cookies.find(({ name }) => name.endsWith("__ref"))!.value;
}
