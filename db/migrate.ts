import { Migrator, sql, type Kysely } from "kysely";
import type { ConnectOptions } from "./connect";
import { MIGRATIONS } from "./migrations";
import { resumable } from "./resumable";
import type { Database } from "./schema";

const RESUMABLE = Object.fromEntries(Object.entries(MIGRATIONS).map(([name, step]) => [name, resumable(step)]));

/**
 * Returns the names of what it applied. Of several instances one gets the server's lock; the others wait for it and then find
 * nothing left to do. So `db` needs limits of minutes and two connections: `connect(url, MIGRATION_LIMITS)`.
 */
export async function migrateToLatest(db: Kysely<Database>): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => RESUMABLE } });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error) throw error;
  return results.map(({ migrationName }) => migrationName);
}

export const MIGRATION_LIMITS: ConnectOptions = {
  poolSize: 2,
  statementSeconds: 3600,
  lockSeconds: 60,
  acquireSeconds: 10,
};

/** One cheap read. True also if the schema is newer than this code, as while a new version rolls out. */
export async function isMigrated(db: Kysely<Database>): Promise<boolean> {
  const newest = Object.keys(MIGRATIONS).sort().at(-1)!;
  try {
    const { rows } = await sql`select 1 from kysely_migration where name = ${newest}`.execute(db);
    return rows.length === 1;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ER_NO_SUCH_TABLE") return false;
    throw error;
  }
}
