import { problem, warning, type Finding } from "@/ops/doctor/finding";
import { EXPECTED_SCHEMA } from "./expected-schema";
import type { SchemaFacts } from "./schema-facts";

/** What differs from what the migrations made. Additions are nobody's business but their owner's. */
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
  made: string;
  found: string | null;
}

function differences(made: Record<string, string>, found: Record<string, string>): Difference[] {
  return Object.entries(made)
    .map(([name, value]) => ({ name, made: value, found: found[name] ?? null }))
    .filter((difference) => difference.made !== difference.found);
}

function judgeEngine({ name, found }: Difference): Finding {
  if (found === null) return problem("table-missing", `The table ${name} is missing.`, RESTORE);
  return problem(
    "table-engine",
    `The table ${name} is ${found}, which has neither transactions nor foreign keys: logouts can be half done.`,
    `alter table ${name} engine = InnoDB;`,
  );
}

function judgeColumn({ name, made, found }: Difference): Finding {
  const [table, column] = name.split(".");
  if (found === null) return problem("column-missing", `The column ${name} is missing.`, RESTORE);
  const says = `${name} is ${found}; the migrations made it ${made}.`;
  const [collation, wanted] = [collationOf(found), collationOf(made)];
  if (collation === wanted) return problem("column-changed", says, RESTORE);
  const danger =
    name === "users.email" ? "Two people's addresses may count as one." : "Two different values may count as one.";
  const [type = "", ...rest] = made.split(" ");
  return problem(
    "collation-changed",
    `${says} ${danger}`,
    `alter table ${table} modify ${column} ${type} character set ${wanted?.split("_")[0]} collate ${wanted}${rest.includes("null") ? "" : " not null"};`,
  );
}

function judgeIndex({ name, made, found }: Difference): Finding {
  const [table, index] = name.split(".");
  const columns = made.replace("unique ", "");
  const isUnique = made.startsWith("unique ");
  const says =
    found === null ? `The index ${name} is missing` : `The index ${name} is over ${found} instead of ${made}`;
  if (index === "PRIMARY") return problem("index-missing", `${says}.`, RESTORE);
  const todo = `${found === null ? "" : `drop index ${index} on ${table}; `}create ${isUnique ? "unique " : ""}index ${index} on ${table} (${columns});`;
  if (isUnique) return problem("index-missing", `${says}: one address may get two accounts.`, todo);
  return problem(
    "index-missing",
    `${says}: ${SLOWED_BY_MISSING_INDEX[index ?? ""] ?? "a query that wants a few rows"} reads the whole table.`,
    todo,
  );
}

function judgeForeignKey({ name, made, found }: Difference): Finding {
  const says =
    found === null ? `The foreign key ${name} is missing` : `The foreign key ${name} is ${found}; it was made ${made}`;
  const key = name.split(".")[1];
  return warning(
    "foreign-key-changed",
    `${says}: sessions of deleted people stay.`,
    `alter table sessions ${found === null ? "" : `drop foreign key ${key}, `}add constraint ${key} foreign key (user_id) references users (id) on delete cascade;`,
  );
}

/** Who suffers first. */
const SLOWED_BY_MISSING_INDEX: Record<string, string> = {
  sessions_user_id_revoked_at: "whoever signs in or looks at their devices",
  sessions_revoked_at: "each instance, every second, to learn of revocations,",
  sessions_idle_expires_at: "the clearing away of ended sessions",
  rate_limits_expires_at: "the clearing away of old counters",
};

const RESTORE = "Restore it from a backup, or compare with db/migrations and alter it by hand";

function collationOf(column: string): string | undefined {
  return column.split(" ").find((word) => word.includes("_"));
}
