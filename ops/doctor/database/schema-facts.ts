import { sql, type Kysely } from "kysely";
import type { Database } from "@/db/schema";

/** The schema as text, so that two schemas can be compared line by line. */
export interface SchemaFacts {
  /** "sessions.id" → "char(36) ascii_bin". */
  columns: Record<string, string>;
  /** "sessions.sessions_revoked_at" → "revoked_at". */
  indexes: Record<string, string>;
  /** "sessions.sessions_user" → "user_id of users.id, on delete cascade". */
  foreignKeys: Record<string, string>;
  /** "sessions" → "InnoDB". */
  engines: Record<string, string>;
}

const TABLES = sql`('users', 'sessions', 'rate_limits', 'heartbeats', 'confirmations', 'outgoing_mails', 'totp_secrets',
  'recovery_codes', 'passkeys', 'challenges', 'signing_keys')`;

/** Reads the actual schema from information_schema. */
export async function readSchema(db: Kysely<Database>): Promise<SchemaFacts> {
  const [columns, indexes, foreignKeys, engines] = await Promise.all([
    sql<{ name: string; value: string }>`
      select concat(table_name, '.', column_name) as name,
        concat(data_type, coalesce(concat('(', coalesce(character_maximum_length, nullif(datetime_precision, 0)), ')'), ''),
          coalesce(concat(' ', collation_name), ''), if(is_nullable = 'YES', ' null', '')) as value
      from information_schema.columns where table_schema = database() and table_name in ${TABLES}`.execute(db),
    sql<{ name: string; value: string }>`
      select concat(table_name, '.', index_name) as name,
        concat(if(non_unique = 0, 'unique ', ''), group_concat(column_name order by seq_in_index separator ', ')) as value
      from information_schema.statistics where table_schema = database() and table_name in ${TABLES}
      group by table_name, index_name, non_unique`.execute(db),
    sql<{ name: string; value: string }>`
      select concat(uses.table_name, '.', uses.constraint_name) as name,
        concat(uses.column_name, ' of ', uses.referenced_table_name, '.', uses.referenced_column_name,
          ', on delete ', lower(rules.delete_rule)) as value
      from information_schema.key_column_usage as uses
      join information_schema.referential_constraints as rules
        on rules.constraint_schema = uses.table_schema and rules.constraint_name = uses.constraint_name
        and rules.table_name = uses.table_name
      where uses.table_schema = database() and uses.table_name in ${TABLES}`.execute(db),
    sql<{ name: string; value: string }>`
      select table_name as name, engine as value
      from information_schema.tables where table_schema = database() and table_name in ${TABLES}`.execute(db),
  ]);
  return {
    columns: asRecord(columns.rows),
    indexes: asRecord(indexes.rows),
    foreignKeys: asRecord(foreignKeys.rows),
    engines: asRecord(engines.rows),
  };
}

function asRecord(rows: { name: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
