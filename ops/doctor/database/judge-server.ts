import { problem, warning, type Finding } from "@/ops/doctor/finding";
import { SERVER_ADVISORIES } from "@/ops/doctor/versions/advisories";
import { isBefore, numbersOf } from "@/ops/doctor/versions/compare-versions";
import type { ServerFacts } from "./server-facts";

const OLDEST = { mysql: "8.4", mariadb: "10.11" };
const MIGRATE = "node .next/entry/migrate.mjs in the container, or npm start on this machine";

/** Maximum connections of an instance: its pool, and two for a concurrent migration. */
const CONNECTIONS_EACH = 12;

export function judgeVersion({ version }: ServerFacts): Finding[] {
  const flavour = flavourOf(version);
  const name = nameOf(version);
  const install = "Back up, then upgrade to the newest patch release of MySQL 8.4 or 9, or of MariaDB 10.11 or later";
  if (isBefore(version, OLDEST[flavour]))
    return [problem("server-too-old", `${name} is older than the versions that Portcullis is tested with.`, install)];
  const [major = 0, minor = 0] = numbersOf(version);
  const known = SERVER_ADVISORIES[flavour];
  const floor = known[`${major}.${minor}`] ?? known[`${major}`];
  if (floor === undefined || !isBefore(version, floor.fixedIn)) return [];
  return [
    warning(
      "server-vulnerable",
      `${name} has a known vulnerability: ${floor.impact} (${floor.id}).`,
      `Update the server to ${floor.fixedIn} or later`,
    ),
  ];
}

export function judgeMigrations({ missingMigrations: missing, unknownMigrations: unknown }: ServerFacts): Finding[] {
  if (missing.length > 0)
    return [
      problem("not-migrated", `Migrations are missing: ${missing.join(", ")}. No instance becomes ready.`, MIGRATE),
    ];
  if (unknown.length === 0) return [];
  return [
    warning(
      "schema-newer",
      `The database contains unknown migrations: ${unknown.join(", ")}. A newer version is being deployed, or this version is outdated.`,
      "Complete the deployment of the newer version",
    ),
  ];
}

/** Session variables that `db/connect.ts` sets. A pooling proxy may reset them. */
const SESSION_VARIABLES: [names: string[], wanted: string, meaning: string][] = [
  [
    ["sql_mode"],
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    "values may be truncated, or escaping may fail",
  ],
  [["time_zone"], "+00:00", "sessions expire hours too early or too late"],
  [["transaction_isolation", "tx_isolation"], "READ-COMMITTED", "refreshes wait for unnecessary locks"],
  [["character_set_client"], "utf8mb4", "names and addresses are stored incorrectly"],
  [["character_set_connection"], "utf8mb4", "names and addresses are stored incorrectly"],
  [["character_set_results"], "utf8mb4", "names and addresses are read incorrectly"],
  [["collation_connection"], "utf8mb4_bin", "different values may compare as equal"],
  [["autocommit"], "ON", "writes are not committed"],
  [["innodb_lock_wait_timeout"], "2", "a locked row blocks requests for a long time"],
];

export function judgeSession({ session }: ServerFacts): Finding[] {
  return SESSION_VARIABLES.flatMap(([names, wanted, meaning]) => {
    const name = names.find((one) => session[one] !== undefined) ?? names[0] ?? "";
    const value = session[name];
    if (value === wanted) return [];
    return [
      problem(
        `connection-${names[0]?.replaceAll("_", "-")}`,
        `The app's connections have ${name} = ${value || "nothing"} instead of ${wanted}: ${meaning}.`,
        "Connect to the server directly, or configure the pooling proxy to preserve session variables",
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
        "The server is read-only: users cannot sign in, refresh or sign out.",
        "Point DATABASE_URL to the primary; if this is the primary: set global read_only = 0;",
      ),
    );
  const flush = global.innodb_flush_log_at_trx_commit;
  if (flush !== "1")
    findings.push(
      problem(
        "commits-can-be-lost",
        `innodb_flush_log_at_trx_commit is ${flush}: a crash loses the last second of commits, so a session that was ended or revoked becomes valid again.`,
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
        `${connectionsNow} of ${most} connections are in use: new connections may fail.`,
        "Find their owners with show processlist; raise max_connections, or fix the leak",
      ),
    );
  else if (most < 2 * CONNECTIONS_EACH)
    findings.push(
      warning(
        "few-connections",
        `max_connections is ${most}, but each instance uses up to ${CONNECTIONS_EACH}: two instances, as during a deployment, do not fit.`,
        "Raise max_connections to 151 or more",
      ),
    );
  return findings;
}

/** Global privileges that the app does not need, and that would let an attacker take over the server. */
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
      `The app's database account has unnecessary global privileges: ${[...found].join(", ")}.`,
      "Create a separate account for the app: grant select, insert, update, delete, create, alter, index, references on portcullis.* to …",
    ),
  ];
}

export function nameOf(version: string): string {
  return `${flavourOf(version) === "mariadb" ? "MariaDB" : "MySQL"} ${numbersOf(version).join(".")}`;
}

function flavourOf(version: string): "mysql" | "mariadb" {
  return /mariadb/i.test(version) ? "mariadb" : "mysql";
}
