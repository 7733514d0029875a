import { Migrator, sql, type Kysely, type Migration } from "kysely";
import type { ConnectOptions } from "./connect";
import { MIGRATIONS } from "./migrations";
import type { Database } from "./schema";

/** ER_TABLE_EXISTS_ERROR. */
const TABLE_EXISTS = 1050;
/** ER_DUP_FIELDNAME and ER_DUP_KEYNAME. */
const DUPLICATE_NAME = [1060, 1061];

const RESUMABLE = Object.fromEntries(Object.entries(MIGRATIONS).map(([name, step]) => [name, resumable(step)]));

/**
 * Returns the names of the migrations it applied. One instance gets the server's lock; the others wait for it and then find
 * nothing to apply. So `db` needs timeouts of minutes and two connections: `connect(url, MIGRATION_LIMITS)`.
 */
export async function migrateToLatest(db: Kysely<Database>): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => RESUMABLE } });
  const before = await findRecordedMigrations(db);
  const { error, results = [] } = await migrator.migrateToLatest();
  const applied = results.filter(({ status }) => status === "Success").map(({ migrationName }) => migrationName);
  if (error === undefined) return applied;
  // The lock is local to a server of a cluster: two instances on two servers apply the same migrations, and one of them fails to
  // record each. The loser of such a race continues where the other one is.
  const recorded = await findRecordedMigrations(db);
  if (recorded.length <= before.length + applied.length) throw error;
  return [...applied, ...(await migrateToLatest(db))];
}

export const MIGRATION_LIMITS: ConnectOptions = {
  poolSize: 2,
  statementSeconds: 3600,
  lockSeconds: 60,
  acquireSeconds: 10,
};

/** One cheap read. True also if the schema is newer than this code, as during a rolling upgrade. */
export async function isMigrated(db: Kysely<Database>): Promise<boolean> {
  const newest = Object.keys(MIGRATIONS).sort().at(-1)!;
  return (await findRecordedMigrations(db, sql`where name = ${newest}`)).length === 1;
}

/** Names of the migrations that were applied, including those of newer versions. */
export async function findRecordedMigrations(db: Kysely<Database>, where = sql``): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration ${where} order by name`.execute(db);
    return rows.map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ER_NO_SUCH_TABLE") return [];
    throw error;
  }
}

/**
 * MySQL commits DDL at once: a run that dies after its one DDL statement and before Kysely records the migration leaves it applied
 * but unrecorded. Repeating it then fails because the table, column or index exists, which counts as applied.
 */
function resumable({ up }: Migration): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      try {
        await up(db);
      } catch (error) {
        if (!(await wasAppliedBefore(db, error))) throw error;
      }
    },
  };
}

async function wasAppliedBefore(db: Kysely<unknown>, error: unknown): Promise<boolean> {
  if (!(error instanceof Error)) return false;
  const { errno } = error as NodeJS.ErrnoException;
  if (errno === TABLE_EXISTS) return isEmpty(db, /'(?:[^'.]*\.)?([^'.]+)'/.exec(error.message)?.[1]);
  return errno !== undefined && DUPLICATE_NAME.includes(errno);
}

/** The app never runs before its migrations: a table with rows was created by something else. */
async function isEmpty(db: Kysely<unknown>, table: string | undefined): Promise<boolean> {
  if (table === undefined) return false;
  const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
  return rows.length === 0;
}
