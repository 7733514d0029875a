import { problem, warning, type Finding } from "@/ops/doctor/finding";
import { EXPECTED_SCHEMA } from "./expected-schema";
import type { SchemaFacts } from "./schema-facts";

/** Compares the tables with the migrations. Additional columns and indexes are not reported. */
export function judgeSchema(found: SchemaFacts): Finding[] {
  const isThere = ({ name }: Difference) => (name.split(".")[0] ?? "") in found.engines;
  return [
    ...differences(EXPECTED_SCHEMA.engines, found.engines).map(judgeEngine),
    ...differences(EXPECTED_SCHEMA.columns, found.columns).filter(isThere).map(judgeColumn),
    ...differences(EXPECTED_SCHEMA.indexes, found.indexes).filter(isThere).map(judgeIndex),
    ...differences(EXPECTED_SCHEMA.foreignKeys, found.foreignKeys).filter(isThere).map(judgeForeignKey),
  ];
}

interface Difference {
  /** As in "sessions.id". */
  name: string;
  expected: string;
  found: string | null;
}

function differences(expected: Record<string, string>, found: Record<string, string>): Difference[] {
  return Object.entries(expected)
    .map(([name, value]) => ({ name, expected: value, found: found[name] ?? null }))
    .filter((difference) => difference.expected !== difference.found);
}

function judgeEngine({ name, found }: Difference): Finding {
  if (found === null) return problem("table-missing", `The table ${name} is missing.`, RESTORE);
  return problem(
    "table-engine",
    `The table ${name} is ${found}, which supports neither transactions nor foreign keys: a logout can be incomplete.`,
    `alter table ${name} engine = InnoDB;`,
  );
}

function judgeColumn({ name, expected, found }: Difference): Finding {
  const [table, column] = name.split(".");
  if (found === null) return problem("column-missing", `The column ${name} is missing.`, RESTORE);
  const says = `${name} is ${found}; the migrations define ${expected}.`;
  const [collation, wanted] = [collationOf(found), collationOf(expected)];
  if (collation === wanted) return problem("column-changed", says, RESTORE);
  const danger =
    name === "users.email"
      ? "Different email addresses may be treated as equal."
      : "Different values may be treated as equal.";
  const [type = "", ...rest] = expected.split(" ");
  return problem(
    "collation-changed",
    `${says} ${danger}`,
    `alter table ${table} modify ${column} ${type} character set ${wanted?.split("_")[0]} collate ${wanted}${rest.includes("null") ? "" : " not null"};`,
  );
}

function judgeIndex({ name, expected, found }: Difference): Finding {
  const [table, index] = name.split(".");
  const columns = expected.replace("unique ", "");
  const isUnique = expected.startsWith("unique ");
  const says =
    found === null ? `The index ${name} is missing` : `The index ${name} covers ${found} instead of ${expected}`;
  if (index === "PRIMARY") return problem("index-missing", `${says}.`, RESTORE);
  const todo = `${found === null ? "" : `drop index ${index} on ${table}; `}create ${isUnique ? "unique " : ""}index ${index} on ${table} (${columns});`;
  if (isUnique) return problem("index-missing", `${says}: one email address may get two accounts.`, todo);
  return problem(
    "index-missing",
    `${says}: ${SLOWED_BY_MISSING_INDEX[index ?? ""] ?? "a query for a few rows"} scans the whole table.`,
    todo,
  );
}

function judgeForeignKey({ name, expected, found }: Difference): Finding {
  const says =
    found === null
      ? `The foreign key ${name} is missing`
      : `The foreign key ${name} is ${found} instead of ${expected}`;
  const [table, key] = name.split(".");
  const [, column, parent, parentColumn, rule] = /^(\w+) of (\w+)\.(\w+), (.*)$/.exec(expected) ?? [];
  return warning(
    "foreign-key-changed",
    `${says}: rows of ${table} whose row in ${parent} was deleted remain.`,
    `alter table ${table} ${found === null ? "" : `drop foreign key ${key}, `}add constraint ${key} foreign key (${column}) references ${parent} (${parentColumn}) ${rule};`,
  );
}

/** The operations that become slow without each index. */
const SLOWED_BY_MISSING_INDEX: Record<string, string> = {
  sessions_user_id_revoked_at: "a login or the list of devices",
  sessions_revoked_at: "the query for revocations, which each instance runs every second,",
  sessions_idle_expires_at: "the purge of ended sessions",
  rate_limits_expires_at: "the purge of expired counters",
  users_deletes_at: "the purge of deleted accounts",
  confirmations_email: "the check of a typed code",
  confirmations_expires_at: "the purge of expired links",
  outgoing_mails_next_attempt_at: "the query for mails to send, which each instance runs every second,",
  outgoing_mails_created_at: "the purge of sent mails",
};

const RESTORE = "Restore it from a backup, or alter it to match db/migrations";

function collationOf(column: string): string | undefined {
  return column.split(" ").find((word) => word.includes("_"));
}
