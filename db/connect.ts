import { CamelCasePlugin, Kysely, MysqlDialect } from "kysely";
import { createPool } from "mysql2";
import { parseDatabaseUrl } from "./database-url.mjs";
import { BoundedPool } from "./pool";
import type { Database } from "./schema";

export interface ConnectOptions {
  poolSize?: number;
  /** Requests that may wait for a connection; further ones fail at once. */
  queueLimit?: number;
  statementSeconds?: number;
  lockSeconds?: number;
  acquireSeconds?: number;
}

/** The first query opens the first connection. Throws a DatabaseUrlError for a URL that cannot be parsed. */
export function connect(url: string, options: ConnectOptions = {}): Kysely<Database> {
  const { poolSize = 10, queueLimit = 256, statementSeconds = 4, lockSeconds = 2, acquireSeconds = 2 } = options;
  const pool = createPool({
    ...parseDatabaseUrl(url),
    connectionLimit: poolSize,
    queueLimit,
    connectTimeout: acquireSeconds * 1000,
    keepAliveInitialDelay: 30_000,
    charset: "utf8mb4_bin",
    timezone: "Z",
    multipleStatements: false,
    flags: ["-LOCAL_FILES"],
    typeCast: (field, next) => (field.type === "TINY" && field.length === 1 ? field.string() === "1" : next()),
  });
  return new Kysely<Database>({
    dialect: new MysqlDialect({
      pool: new BoundedPool(pool, {
        acquireMilliseconds: acquireSeconds * 1000,
        queryMilliseconds: statementSeconds * 1000 + 500,
        setupStatements: sessionSetupStatements(statementSeconds, lockSeconds),
      }),
    }),
    plugins: [new CamelCasePlugin()],
  });
}

/**
 * Session variables that must not depend on the server's configuration. The SQL mode above all: values are escaped by the client,
 * and NO_BACKSLASH_ESCAPES would allow SQL injection. MariaDB alone runs `/*M!`, MySQL alone `/*!80000`, where the limit holds for
 * reads only.
 */
function sessionSetupStatements(statementSeconds: number, lockSeconds: number): string[] {
  return [
    `set names utf8mb4 collate utf8mb4_bin,
      sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
      time_zone = '+00:00', lc_messages = 'en_US', autocommit = 1,
      innodb_lock_wait_timeout = ${lockSeconds}, lock_wait_timeout = ${lockSeconds}
      /*M! , max_statement_time = ${statementSeconds} */ /*!80000 , max_execution_time = ${statementSeconds * 1000} */`,
    // By statement: MySQL and MariaDB name the variable differently.
    "set session transaction isolation level read committed",
  ];
}
