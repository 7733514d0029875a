import { CamelCasePlugin, Kysely, MysqlDialect } from "kysely";
import { createPool, type Pool } from "mysql2";
import { parseDatabaseUrl, type DatabaseAddress } from "./database-url.mjs";
import { BoundedPool } from "./pool";
import type { Database } from "./schema";
import { ServerPool, type ServerLimits } from "./server-pool";

export interface ConnectOptions {
  poolSize?: number;
  /** Requests that may wait for a connection; further ones fail at once. */
  queueLimit?: number;
  statementSeconds?: number;
  lockSeconds?: number;
  /** Shared by all servers: each is tried for an equal part of it. */
  acquireSeconds?: number;
  /** How often the server in use is asked whether it still accepts writes. */
  verifySeconds?: number;
  /** False for a tool that examines a server, whatever its state. */
  requiresWritable?: boolean;
}

/** The first query opens the first connection. Throws a DatabaseUrlError for a URL that cannot be parsed. */
export function connect(url: string, options?: ConnectOptions): Kysely<Database> {
  return connectTo(parseDatabaseUrl(url), options);
}

/** Uses one of the servers at a time, the first that accepts writes. */
export function connectTo(servers: DatabaseAddress[], options: ConnectOptions = {}): Kysely<Database> {
  const { statementSeconds = 4, lockSeconds = 2, acquireSeconds = 2 } = options;
  const { verifySeconds = 1, requiresWritable = true } = options;
  const acquireMilliseconds = acquireSeconds * 1000;
  const limits = {
    queryMilliseconds: statementSeconds * 1000 + 500,
    setupMilliseconds: acquireMilliseconds / servers.length,
    verifyMilliseconds: verifySeconds * 1000,
    verdictMilliseconds: acquireMilliseconds,
    requiresWritable,
    setupStatements: sessionSetupStatements(statementSeconds, lockSeconds),
    isOnlyServer: servers.length === 1,
  };
  const pools = servers.map((server) => new ServerPool(createServerPool(server, limits, options), limits));
  return new Kysely<Database>({
    dialect: new MysqlDialect({ pool: new BoundedPool(pools, acquireMilliseconds) }),
    plugins: [new CamelCasePlugin()],
  });
}

function createServerPool(
  server: DatabaseAddress,
  { setupMilliseconds }: ServerLimits,
  { poolSize = 10, queueLimit = 256 }: ConnectOptions,
): Pool {
  return createPool({
    ...server,
    connectionLimit: poolSize,
    queueLimit,
    connectTimeout: setupMilliseconds,
    keepAliveInitialDelay: 30_000,
    charset: "utf8mb4_bin",
    timezone: "Z",
    multipleStatements: false,
    flags: ["-LOCAL_FILES"],
    typeCast: (field, next) => (field.type === "TINY" && field.length === 1 ? field.string() === "1" : next()),
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
