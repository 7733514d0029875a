import { randomBytes, randomUUID } from "node:crypto";
import { sql, type Kysely } from "kysely";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { connect } from "./connect";
import { parseDatabaseUrl } from "./database-url.mjs";
import { migrateToLatest, MIGRATION_LIMITS } from "./migrate";
import type { Database, NewSession, NewUser, SessionRow } from "./schema";
import { IS_GALERA_NODE } from "./server-state";
import { findSessionWithUser, insertSession } from "./tables/sessions";
import { insertUser } from "./tables/users";

export interface TestDatabase {
  db: Kysely<Database>;
  url: string;
}

/** A migrated database for the tests of a file or of a `describe`, available once they begin. */
export function useTestDatabase(): TestDatabase {
  const database = {} as TestDatabase;
  let drop = async () => {};
  beforeAll(async () => {
    const created = await createDatabase();
    drop = created.drop;
    await migrate(created.url);
    Object.assign(database, created);
  });
  afterAll(() => drop());
  return database;
}

/** A migrated database for the running test. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  await migrate(database.url);
  return database;
}

/** A database without tables for the running test. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const { db, url, drop } = await createDatabase();
  onTestFinished(drop);
  return { db, url };
}

async function createDatabase(): Promise<TestDatabase & { drop: () => Promise<void> }> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) {
    throw new Error("Set TEST_DATABASE_URL to a server where databases may be created; `npm test` provides one.");
  }
  const name = `portcullis_test_${randomBytes(6).toString("hex")}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  // Not utf8mb4, on purpose: the tables must not rely on the database's defaults.
  await runOnServer(server, `create database ${name} character set latin1`);
  const db = connect(url.href);
  const drop = async () => {
    await db.destroy();
    await runOnServer(server, `drop database ${name}`);
  };
  return { db, url: url.href, drop };
}

async function migrate(url: string): Promise<void> {
  const migrating = connect(url, MIGRATION_LIMITS);
  await migrateToLatest(migrating).finally(() => migrating.destroy());
}

async function runOnServer(server: string, statement: string): Promise<void> {
  const connection = await createConnection(parseDatabaseUrl(server)[0]);
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Locks a table until `release`, as a schema change, a backup or a stuck client does. */
export async function lockTable(url: string, table: "rate_limits"): Promise<{ release: () => Promise<void> }> {
  const connection = await createConnection(parseDatabaseUrl(url)[0]);
  await connection.query(`lock tables ${table} write`);
  return { release: () => connection.end() };
}

export function newUser(
  given: Partial<NewUser> = {},
): NewUser & { sessionEpoch: number; emailVerifiedAt: Date | null } {
  const now = new Date();
  return {
    id: randomUUID(),
    email: `${randomUUID()}@example.test`,
    fullName: "Ada Lovelace",
    passwordHash: `hash ${randomUUID()}`,
    createdAt: now,
    updatedAt: now,
    emailVerifiedAt: null,
    ...given,
    sessionEpoch: 0,
  };
}

export async function existingUser(db: Kysely<Database>, given: Partial<NewUser> = {}) {
  const user = newUser(given);
  await insertUser(db, user);
  return user;
}

/** An authenticator app, a passkey and a recovery code of `userId`, all added at `at`. `name` is in each of them. */
export async function existingFactors(
  db: Kysely<Database>,
  { userId, at = new Date(), name = "own" }: { userId: string; at?: Date; name?: string },
) {
  await existingTotp(db, { userId, at, name });
  await existingRecoveryCode(db, { userId, at, name });
  return existingPasskey(db, { userId, at, name });
}

interface GivenFactor {
  userId: string;
  at: Date;
  name: string;
}

/** Replaces an earlier secret, as a new one does. */
export async function existingTotp(db: Kysely<Database>, { userId, at, name }: GivenFactor): Promise<void> {
  const secret = { secret: `secret of ${name}`, confirmedAt: at };
  await db
    .insertInto("totpSecrets")
    .values({ userId, createdAt: at, ...secret })
    .onDuplicateKeyUpdate(secret)
    .execute();
}

/** Replaces earlier codes, as a new set does. */
export async function existingRecoveryCode(db: Kysely<Database>, { userId, at, name }: GivenFactor): Promise<void> {
  await db.deleteFrom("recoveryCodes").where("userId", "=", userId).execute();
  await db
    .insertInto("recoveryCodes")
    .values({ userId, number: 1, codeHash: `hash of ${name}`, createdAt: at })
    .execute();
}

export function newPasskey({ userId, at, name }: GivenFactor) {
  return {
    id: randomUUID(),
    userId,
    credentialId: newNonce(),
    publicKey: newNonce(),
    rpId: "localhost",
    name,
    transports: "internal",
    aaguid: randomUUID(),
    signatureCounter: 0,
    backedUp: false,
    createdAt: at,
  };
}

export async function existingPasskey(db: Kysely<Database>, given: GivenFactor) {
  const passkey = newPasskey(given);
  await db.insertInto("passkeys").values(passkey).execute();
  return passkey;
}

/** The names of an account's factors that `existingFactors` inserted. */
export async function factorNames(db: Kysely<Database>, userId: string) {
  const passkeys = await db
    .selectFrom("passkeys")
    .selectAll()
    .where("userId", "=", userId)
    .orderBy("createdAt")
    .execute();
  const codes = await db.selectFrom("recoveryCodes").selectAll().where("userId", "=", userId).execute();
  const totp = await db.selectFrom("totpSecrets").selectAll().where("userId", "=", userId).execute();
  return {
    passkeys: passkeys.map(({ name }) => name),
    recoveryCodes: codes.map(({ codeHash }) => codeHash.replace("hash of ", "")),
    totp: totp.map(({ secret, pendingSecret }) => (secret ?? pendingSecret)!.replace("secret of ", "")),
  };
}

export function newNonce(): string {
  return randomBytes(16).toString("base64url");
}

export function newSession(userId: string, given: Partial<NewSession> = {}): NewSession {
  const now = given.createdAt ?? new Date();
  return {
    id: randomUUID(),
    userId,
    remember: true,
    generation: 0,
    currentNonce: newNonce(),
    rotatedAt: now,
    handedAt: now,
    createdAt: now,
    authenticatedAt: now,
    authenticationMethods: "pwd",
    lastSeenAt: now,
    idleExpiresAt: daysAfter(now, 7),
    absoluteExpiresAt: daysAfter(now, 30),
    ip: "192.0.2.7",
    userAgent: "Mozilla/5.0",
    browser: "Firefox",
    os: "Linux",
    deviceType: "desktop",
    ...given,
  };
}

/** A session of `userId`, or of a new user. */
export async function existingSession(db: Kysely<Database>, given: Partial<NewSession> = {}): Promise<NewSession> {
  const userId = given.userId ?? (await existingUser(db)).id;
  const session = newSession(userId, given);
  const user = await db.selectFrom("users").select("sessionEpoch").where("id", "=", userId).executeTakeFirstOrThrow();
  if (!(await insertSession(db, session, user))) throw new Error("The session was not inserted.");
  return session;
}

export async function readSession(db: Kysely<Database>, id: string): Promise<SessionRow> {
  const session = await findSessionWithUser(db, id);
  if (!session) throw new Error("No such session.");
  return session;
}

export function daysAfter(instant: Date, days: number): Date {
  return new Date(instant.getTime() + days * 86_400_000);
}

/**
 * The usual number of concurrent requests, or on Galera a third of it: there three servers share one machine, and the last request for a
 * row would exceed the product's time limits.
 */
export async function concurrencyOn(db: Kysely<Database>, usual: number): Promise<number> {
  const { rows } = await sql<{ isGaleraNode: number }>`select ${IS_GALERA_NODE} as is_galera_node`.execute(db);
  return rows[0]!.isGaleraNode ? Math.floor(usual / 3) : usual;
}

/** Runs `count` calls concurrently and returns all results. */
export function atOnce<T>(count: number, run: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => run(index)));
}
