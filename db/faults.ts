/** A timeout or limit of this application, with a `code` as the driver's errors have. */
export class DatabaseFault extends Error {
  override readonly name = "DatabaseFault";

  constructor(
    readonly code:
      "ACQUIRE_TIMEOUT" | "QUEUE_FULL" | "POOL_CLOSED" | "NOT_WRITABLE" | "MUTEX_TIMEOUT" | "TABLE_UNAVAILABLE",
    message: string,
  ) {
    super(message);
  }
}

const UNAVAILABLE_CODES = new Set<unknown>([
  "ACQUIRE_TIMEOUT",
  "QUEUE_FULL",
  "POOL_CLOSED",
  "NOT_WRITABLE",
  "MUTEX_TIMEOUT",
  "TABLE_UNAVAILABLE",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "HANDSHAKE_NO_SSL_SUPPORT",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
]);

/** Errors of a server that takes no writes: demoted, cut off from its cluster, or shutting down. */
const NOT_WRITABLE_ERRNOS = [
  1047, // ER_UNKNOWN_COM_ERROR: a Galera node that is not part of the cluster
  1053, // ER_SERVER_SHUTDOWN
  1180, // ER_ERROR_DURING_COMMIT: also a Galera node that was cut off while a commit waited for the others
  1290, // ER_OPTION_PREVENTS_STATEMENT: read_only
  1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  1836, // ER_READ_ONLY_MODE
  1874, // ER_INNODB_READ_ONLY
  3032, // ER_SERVER_OFFLINE_MODE
  3100, // ER_RUN_HOOK_ERROR: group replication takes no writes here
  3796, // ER_GRP_TRX_CONSISTENCY_NOT_ALLOWED: not in this state of the group's member
  3797, // ER_GRP_TRX_CONSISTENCY_BEFORE: the member did not catch up
  3798, // ER_GRP_TRX_CONSISTENCY_AFTER_ON_TRX_BEGIN
];

/** The transaction was rolled back because of a concurrent one, and can be repeated. */
const DEADLOCK_ERRNOS = [
  1213, // ER_LOCK_DEADLOCK; on Galera also a failed certification, of any statement or of the commit
  3101, // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: a failed certification of group replication
];

// By number: the driver does not name MariaDB's own errors.
const UNAVAILABLE_ERRNOS = new Set<unknown>([
  ...NOT_WRITABLE_ERRNOS,
  ...DEADLOCK_ERRNOS,
  1020, // ER_CHECKREAD: another transaction changed the record
  1021, // ER_DISK_FULL
  1026, // ER_ERROR_ON_WRITE
  1030, // ER_GET_ERRNO: of the storage engine, as when its disk is full
  1036, // ER_OPEN_AS_READONLY
  1037, // ER_OUTOFMEMORY
  1040, // ER_CON_COUNT_ERROR
  1041, // ER_OUT_OF_RESOURCES
  1077, // ER_NORMAL_SHUTDOWN
  1114, // ER_RECORD_FILE_FULL: the table or its disk
  1135, // ER_CANT_CREATE_THREAD
  1152, // ER_ABORTING_CONNECTION
  1158, // ER_NET_READ_ERROR
  1159, // ER_NET_READ_INTERRUPTED
  1160, // ER_NET_ERROR_ON_WRITE
  1161, // ER_NET_WRITE_INTERRUPTED
  1184, // ER_NEW_ABORTING_CONNECTION
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1205, // ER_LOCK_WAIT_TIMEOUT
  1206, // ER_LOCK_TABLE_FULL
  1223, // ER_CANT_UPDATE_WITH_READLOCK
  1226, // ER_USER_LIMIT_REACHED
  1317, // ER_QUERY_INTERRUPTED
  1637, // ER_TOO_MANY_CONCURRENT_TRXS
  1927, // MariaDB: ER_CONNECTION_KILLED
  1969, // MariaDB: ER_STATEMENT_TIMEOUT
  3024, // ER_QUERY_TIMEOUT
  3168, // ER_SERVER_ISNT_AVAILABLE
  3169, // ER_SESSION_WAS_KILLED
  3572, // ER_LOCK_NOWAIT
  3989, // ER_SCHEMA_READ_ONLY
  4031, // ER_CLIENT_INTERACTION_TIMEOUT
]);

/** True if a later retry may succeed: the server is unreachable, overloaded or slow. Everything else is a bug or a misconfiguration. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  return UNAVAILABLE_CODES.has(code) || UNAVAILABLE_ERRNOS.has(errno) || (code === "ENOENT" && syscall === "connect");
}

export function isNotWritable({ errno = 0 }: NodeJS.ErrnoException): boolean {
  return NOT_WRITABLE_ERRNOS.includes(errno);
}

export function isDeadlock(error: unknown): boolean {
  return error instanceof Error && DEADLOCK_ERRNOS.includes((error as NodeJS.ErrnoException).errno ?? 0);
}

/** `key` is the name of a unique index: a duplicate in another index does not count. */
export function isDuplicateKey(error: unknown, key?: string): boolean {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).errno !== 1062) return false;
  // MySQL puts the table before the name. The client chooses the value before it, so only the end of the message is compared.
  return key === undefined || new RegExp(`for key '(?:\\w+\\.)?${key}'$`).test(error.message);
}
