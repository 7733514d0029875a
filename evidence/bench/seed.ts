import { hash, parseOptions } from "@node-rs/argon2";
import { sql, type Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { hashPassword } from "@/server/auth/passwords/password";
import { CLIENT, emailOf, FULL_NAME, idOf, nonceOf, PASSWORD, SESSIONS_PER_USER, type SeedTimes } from "./seed-data";

const BLOCK = 5000;

/**
 * Fills an empty database: inserts one block, which the server then copies. In the order of the ids, a million sessions take
 * less than a minute.
 */
export async function seedDatabase(
  db: Kysely<Database>,
  sessions: number,
  past: SeedTimes,
  onProgress: (detail: string) => void,
  hashTimes = 1,
): Promise<void> {
  const block = Math.min(BLOCK, sessions);
  const usersOfBlock = block / SESSIONS_PER_USER;
  const passwordHash = await hashWithPasses(hashTimes);
  const { createdAt, rotatedAt } = past;
  const user = { fullName: FULL_NAME, passwordHash, createdAt, updatedAt: createdAt };
  const session = {
    remember: true,
    generation: 0,
    rotatedAt,
    handedAt: rotatedAt,
    createdAt,
    lastSeenAt: rotatedAt,
    absoluteExpiresAt: secondsAfter(createdAt, 30 * 24 * 3600),
    ip: CLIENT.address,
    userAgent: CLIENT.userAgent,
    browser: CLIENT.browser,
    os: CLIENT.os,
    deviceType: CLIENT.type,
  };
  const users = Array.from({ length: usersOfBlock }, (_, at) => ({ ...user, id: idOf(at), email: emailOf(at) }));
  const rows = Array.from({ length: block }, (_, at) => ({
    ...session,
    id: idOf(at),
    userId: idOf(Math.floor(at / SESSIONS_PER_USER)),
    currentNonce: nonceOf(idOf(at)),
    // Different expiry times, for a realistic distribution in the index.
    idleExpiresAt: secondsAfter(createdAt, 7 * 24 * 3600 - ((at * 7919) % 400_000)),
  }));
  await db.insertInto("users").values(users).execute();
  for (let at = 0; at < rows.length; at += 1000) {
    await db
      .insertInto("sessions")
      .values(rows.slice(at, at + 1000))
      .execute();
  }

  for (let done = block; done < sessions; done += block) {
    const count = Math.min(block, sessions - done);
    await repeatUsers(db, done / SESSIONS_PER_USER, count / SESSIONS_PER_USER);
    await repeatSessions(db, done, count);
    const share = (done + count) / sessions;
    onProgress(`${progressBar(share)} ${(done + count).toLocaleString("en-GB")} sessions`);
  }
  await sql`analyze table users, sessions`.execute(db);
}

/** A hash with the product's parameters and a multiple of its passes. */
async function hashWithPasses(times: number): Promise<string> {
  const own = await hashPassword(PASSWORD);
  const { algorithm, version, memoryCost, timeCost, parallelism, outputLen } = parseOptions(own);
  return hash(PASSWORD, { algorithm, version, memoryCost, timeCost: timeCost * times, parallelism, outputLen });
}

async function repeatUsers(db: Kysely<Database>, shift: number, count: number): Promise<void> {
  const ordinal = sql`conv(left(id, 8), 16, 10) + ${shift}`;
  await sql`insert into users (id, email, full_name, password_hash, created_at, updated_at)
    select ${shifted("id", shift)}, concat('bench-', lpad(${ordinal}, 7, '0'), '@example.test'),
      full_name, password_hash, created_at, updated_at
    from users where id < ${idOf(count)}`.execute(db);
}

async function repeatSessions(db: Kysely<Database>, shift: number, count: number): Promise<void> {
  const id = shifted("id", shift);
  await sql`insert into sessions (id, user_id, remember, generation, current_nonce, rotated_at, handed_at, created_at,
      last_seen_at, idle_expires_at, absolute_expires_at, ip, user_agent, browser, os, device_type)
    select ${id}, ${shifted("user_id", shift / SESSIONS_PER_USER)}, remember, generation, left(md5(${id}), 22),
      rotated_at, handed_at, created_at, last_seen_at, idle_expires_at, absolute_expires_at, ip, user_agent, browser, os,
      device_type
    from sessions where id < ${idOf(count)}`.execute(db);
}

function shifted(column: "id" | "user_id", shift: number) {
  const name = sql.ref(column);
  return sql`concat(lpad(lower(hex(conv(left(${name}, 8), 16, 10) + ${shift})), 8, '0'), substr(${name}, 9))`;
}

/** Resets sessions to their state before the refreshes. */
export async function resetSessions(db: Kysely<Database>, ordinals: number[], past: SeedTimes): Promise<void> {
  await sql`update sessions set generation = 0, current_nonce = left(md5(id), 22), previous_nonce = null,
      rotated_at = ${past.rotatedAt}, handed_at = ${past.rotatedAt}
    where id in (${sql.join(ordinals.map(idOf))})`.execute(db);
}

function progressBar(share: number): string {
  const width = 20;
  return "█".repeat(Math.round(share * width)).padEnd(width, "░");
}
