import { sql, type Kysely, type Migration } from "kysely";

const TABLE_EXISTS = 1050;
/** Of a column and of an index. */
const DUPLICATE_NAME = [1060, 1061];

/**
 * A run that dies after its one DDL statement, which MySQL commits at once, and before it is noted, leaves the step done but
 * not known to be done. Running it again finds its own work there, and goes on.
 */
export function resumable({ up }: Migration): Migration {
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

/** The app never runs before its migrations: a table with rows is not ours, and must not be taken for it. */
async function isEmpty(db: Kysely<unknown>, table: string | undefined): Promise<boolean> {
  if (table === undefined) return false;
  const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
  return rows.length === 0;
}
