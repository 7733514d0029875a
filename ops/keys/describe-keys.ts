import type { SigningKey } from "@/db/schema";
import type { StoredKeys } from "@/db/tables/signing-keys";
import { judgeWrapping } from "@/server/auth/tokens/bearer-key";
import { judgeKeys, type JudgedKey } from "@/server/auth/tokens/bearer-key-timeline";

/** One line for each key. All times are of the database's clock. */
export function describeKeys({ keys, databaseNow }: StoredKeys): string {
  if (keys.length === 0) return "  There is no key yet: the first instance that starts makes one.\n";
  const lines = judgeKeys(keys, databaseNow).map(
    (judged) => `  ${judged.key.id}  ${purposeOf(judged)}${warningOf(judged)}\n`,
  );
  return `  ${timeOf(databaseNow)} by the database's clock\n\n${lines.join("")}`;
}

function purposeOf({ key, phase, dropsAt }: JudgedKey<SigningKey>): string {
  switch (phase) {
    case "waiting":
      return `published, signs from ${timeOf(key.signsFrom)}`;
    case "signing":
      return `signs since ${timeOf(key.signsFrom)}`;
    case "retired":
      return `signs no more, dropped at ${timeOf(dropsAt!)}`;
    case "dropped":
      return `${key.compromisedAt === null ? "dropped" : "compromised, dropped"} at ${timeOf(dropsAt!)}`;
  }
}

function warningOf({ key, phase }: JudgedKey<SigningKey>): string {
  if (phase === "dropped") return "";
  switch (judgeWrapping(key)) {
    case "current":
      return "";
    case "previous":
      return "; encrypted under ENCRYPTION_SECRET_PREVIOUS";
    case "unknown":
      return "; CANNOT BE DECRYPTED with this ENCRYPTION_SECRET";
  }
}

function timeOf(instant: Date): string {
  return instant.toISOString().replace(/\.\d+Z$/, "Z");
}
