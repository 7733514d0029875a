import { problem, warning, type Finding } from "@/ops/doctor/finding";
import { SERVER_ADVISORIES } from "@/ops/doctor/versions/advisories";
import { isBefore, numbersOf } from "@/ops/doctor/versions/compare-versions";
import type { ServerFacts } from "./server-facts";

const OLDEST = { mysql: "8.4", mariadb: "10.11" };
const MIGRATE = "node .next/entry/migrate.mjs in the container, or npm start on this machine";

/** What an instance holds at the most: its pool, and the two of a migration that may run beside it. */
const CONNECTIONS_EACH = 12;

export function judgeVersion({ version }: ServerFacts): Finding[] {
  const flavour = flavourOf(version);
  const name = nameOf(version);
  const install = "Move to MySQL 8.4 or 9, or MariaDB 10.11 or later, in their newest patch release; back up first";
  if (isBefore(version, OLDEST[flavour]))
    return [problem("server-too-old", `${name} is older than what Portcullis is tested with.`, install)];
  const [major = 0, minor = 0] = numbersOf(version);
  const known = SERVER_ADVISORIES[flavour];
  const floor = known[`${major}.${minor}`] ?? known[`${major}`];
  if (floor === undefined || !isBefore(version, floor.fixedIn)) return [];
  return [
    warning(
      "server-vulnerable",
      `${name} has a known hole: ${floor.impact} (${floor.id}).`,
      `Update the server to ${floor.fixedIn} or later`,
    ),
  ];
}

export function judgeMigrations({ missingMigrations: missing, unknownMigrations: unknown }: ServerFacts): Finding[] {
  if (missing.length > 0)
    return [
      problem(
        "not-migrated",
        `The tables are not up to date; missing: ${missing.join(", ")}. No instance becomes ready.`,
        MIGRATE,
      ),
    ];
  if (unknown.length === 0) return [];
  return [
    warning(
      "schema-newer",
      `The database knows ${unknown.join(", ")}, which this version does not: a newer one is rolling out, or this is an old one.`,
      "Finish the roll-out, or go back to the newer image",
    ),
  ];
}

/** What `db/connect.ts` pins. Something between us and the server, such as a pooling proxy, may still undo it. */
const PINNED: [names: string[], wanted: string, meaning: string][] = [
  [
    ["sql_mode"],
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    "values may be cut short, or quotes may leave their string",
  ],
  [["time_zone"], "+00:00", "sessions end hours too early or too late"],
  [["transaction_isolation", "tx_isolation"], "READ-COMMITTED", "refreshes wait for locks that nobody needs"],
  [["character_set_client"], "utf8mb4", "names and addresses are stored as other ones"],
  [["character_set_connection"], "utf8mb4", "names and addresses are stored as other ones"],
  [["character_set_results"], "utf8mb4", "names and addresses are read as other ones"],
  [["collation_connection"], "utf8mb4_bin", "different values may compare as equal"],
  [["autocommit"], "ON", "nothing that is written is kept"],
  [["innodb_lock_wait_timeout"], "2", "a stuck row holds whoever comes after it"],
];

export function judgeSession({ session }: ServerFacts): Finding[] {
  return PINNED.flatMap(([names, wanted, meaning]) => {
    const name = names.find((one) => session[one] !== undefined) ?? names[0] ?? "";
    const value = session[name];
    if (value === wanted) return [];
    return [
      problem(
        `connection-${names[0]?.replaceAll("_", "-")}`,
        `The app's connections get ${name} = ${value || "nothing"} instead of ${wanted}: ${meaning}.`,
        "Connect to the server itself: a pooling proxy between must keep each connection's session settings",
      ),
    ];
  });
}

export function judgeGlobals({ global, connectionsNow, version }: ServerFacts): Finding[] {
  const findings: Finding[] = [];
  if (["read_only", "super_read_only", "innodb_read_only"].some((name) => global[name] === "ON"))
    findings.push(
      problem(
        "read-only",
        "The server takes no writes: nobody can sign in, refresh or sign out.",
        "Lead DATABASE_URL to the primary; if this is the primary: set global read_only = 0;",
      ),
    );
  const flush = global.innodb_flush_log_at_trx_commit;
  if (flush !== "1")
    findings.push(
      problem(
        "commits-can-be-lost",
        `innodb_flush_log_at_trx_commit is ${flush}: a crash loses the last second of commits, so a device that was signed out or revoked then is signed in again.`,
        flavourOf(version) === "mysql"
          ? "set persist innodb_flush_log_at_trx_commit = 1;"
          : "set global innodb_flush_log_at_trx_commit = 1; and the same in my.cnf",
      ),
    );
  const most = Number(global.max_connections);
  if (connectionsNow >= most * 0.9)
    findings.push(
      problem(
        "connections-used-up",
        `${connectionsNow} of ${most} connections are taken: the next instance, or you, may get none.`,
        "show processlist; tells whose they are. Raise max_connections, or end what leaks them",
      ),
    );
  else if (most < 2 * CONNECTIONS_EACH)
    findings.push(
      warning(
        "few-connections",
        `max_connections is ${most}, and each instance takes up to ${CONNECTIONS_EACH}: there is no room for two, as in a roll-out.`,
        "Raise max_connections to 151 or more",
      ),
    );
  return findings;
}

/** Rights on everything that the app never needs, and that turn a hole in it into the whole server. */
const EXCESSIVE = ["ALL PRIVILEGES", "SUPER", "FILE", "PROCESS", "CREATE USER", "SHUTDOWN", "SYSTEM_USER"];

export function judgeGrants({ grants }: ServerFacts): Finding[] {
  const found = new Set<string>();
  for (const grant of grants) {
    if (/ WITH (ADMIN|GRANT) OPTION\b/.test(grant) && !/^GRANT PROXY/.test(grant)) found.add("GRANT OPTION");
    const privileges = /^GRANT (.*?) ON \*\.\* TO /.exec(grant)?.[1]?.split(/, ?/) ?? [];
    for (const privilege of privileges) if (EXCESSIVE.includes(privilege)) found.add(privilege);
  }
  if (found.size === 0) return [];
  return [
    warning(
      "too-many-privileges",
      `The app's account may do more than it needs: ${[...found].join(", ")}, on everything.`,
      "Give the app an account of its own: grant select, insert, update, delete, create, alter, index, references on portcullis.* to …",
    ),
  ];
}

export function nameOf(version: string): string {
  return `${flavourOf(version) === "mariadb" ? "MariaDB" : "MySQL"} ${numbersOf(version).join(".")}`;
}

function flavourOf(version: string): "mysql" | "mariadb" {
  return /mariadb/i.test(version) ? "mariadb" : "mysql";
}
