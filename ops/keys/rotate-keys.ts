import type { Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { findSigningKeys, insertSigningKey, replaceCompromisedKeys } from "@/db/tables/signing-keys";
import { UserError } from "@/scripts/user-error.mjs";
import { KEY_PUBLICATION_SECONDS } from "@/server/auth/policy/lifetimes";
import { createKey, judgeWrapping } from "@/server/auth/tokens/bearer-key";
import { judgeKeyRotation, judgeKeys, nextSequence } from "@/server/auth/tokens/bearer-key-timeline";

const OVERTAKEN = "Another command has just added a key, and this one has changed nothing.";

/**
 * Publishes a new key. That is the whole rotation: it signs, and its predecessor is dropped, when their times come. One statement, so
 * that a command that is killed has either begun the rotation or done nothing.
 */
export async function rotateKeys(db: Kysely<Database>): Promise<void> {
  const { keys, databaseNow } = await findSigningKeys(db);
  const verdict = judgeKeyRotation(keys, databaseNow);
  if (verdict.kind === "in progress")
    throw new UserError(
      `A rotation is in progress until ${verdict.until.toISOString()}. The next one can begin after it: verifiers would ` +
        "otherwise have to know three keys. If a key is compromised, use --compromised.",
    );
  const published = judgeKeys(keys, databaseNow).filter(({ phase }) => phase !== "dropped");
  if (published.some(({ key }) => judgeWrapping(key) === "unknown"))
    throw new UserError(
      "The present keys cannot be decrypted with this ENCRYPTION_SECRET, so no instance could use a key that this command " +
        "encrypts. Run it with the variables of the app.",
    );
  // The first key of an installation has no predecessor that signs meanwhile.
  const signsAfterSeconds = published.length === 0 ? 0 : KEY_PUBLICATION_SECONDS;
  if (!(await insertSigningKey(db, await createKey(verdict.sequence), signsAfterSeconds)))
    throw new UserError(OVERTAKEN);
}

/** Drops all keys and inserts one that signs at once, in one transaction. True if the former keys could be decrypted. */
export async function replaceKeys(db: Kysely<Database>): Promise<{ couldDecrypt: boolean }> {
  const { keys, databaseNow } = await findSigningKeys(db);
  const published = judgeKeys(keys, databaseNow).filter(({ phase }) => phase !== "dropped");
  if (!(await replaceCompromisedKeys(db, await createKey(nextSequence(keys))))) throw new UserError(OVERTAKEN);
  return { couldDecrypt: published.every(({ key }) => judgeWrapping(key) !== "unknown") };
}
