import { CamelCasePlugin, Kysely, MysqlDialect } from "kysely";
import { createPool, type PoolOptions } from "mysql2";
import { BoundedPool } from "./pool";
import type { Database } from "./schema";

export interface ConnectOptions {
  poolSize?: number;
  /** How many may wait for a connection; one more is refused at once. */
  queueLimit?: number;
  statementSeconds?: number;
  lockSeconds?: number;
  acquireSeconds?: number;
}

/** Opens nothing yet: the first query does. Throws if the URL is not one that we understand. */
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
        pins: pinStatements(statementSeconds, lockSeconds),
      }),
    }),
    plugins: [new CamelCasePlugin()],
  });
}

/**
 * What the server's configuration must not decide. NO_BACKSLASH_ESCAPES above all: values are escaped by the client, and
 * under that mode a quote gets out. MariaDB alone runs `/*M!`, MySQL alone `/*!80000`, where the limit holds for reads only.
 */
function pinStatements(statementSeconds: number, lockSeconds: number): string[] {
  return [
    `set names utf8mb4 collate utf8mb4_bin,
      sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
      time_zone = '+00:00', lc_messages = 'en_US', autocommit = 1,
      innodb_lock_wait_timeout = ${lockSeconds}, lock_wait_timeout = ${lockSeconds}
      /*M! , max_statement_time = ${statementSeconds} */ /*!80000 , max_execution_time = ${statementSeconds * 1000} */`,
    // A variable of its own, named differently by the two servers.
    "set session transaction isolation level read committed",
  ];
}

/** `mysql://user:password@host:port/database`, with `?socketPath=/path` for a socket and `?ssl=true` or a JSON object for TLS. */
export function parseDatabaseUrl(url: string): PoolOptions {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  if (protocol !== "mysql:" && protocol !== "mariadb:") throw new Error("DATABASE_URL must begin with mysql://");
  const { socketPath, ssl, ...unknown } = Object.fromEntries(searchParams);
  // The driver would take anything from here, multipleStatements too.
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new Error(`DATABASE_URL has an unknown parameter: ${name}`);
  return {
    ...(socketPath ? { socketPath } : { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 3306) }),
    ...(ssl === undefined ? {} : { ssl: parseTls(ssl) }),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
}

function parseTls(ssl: string): object {
  const options: unknown = ssl === "true" ? {} : JSON.parse(ssl);
  if (typeof options !== "object" || options === null)
    throw new Error("DATABASE_URL has an ssl that is neither true nor an object");
  return options;
}
