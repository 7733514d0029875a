import { connect } from "@/db/connect";
import { isUnavailable } from "@/db/faults";
import { findSigningKeys } from "@/db/tables/signing-keys";
import { runCliAndExit } from "@/scripts/run-cli.mjs";
import { UserError } from "@/scripts/user-error.mjs";
import { env, type Env } from "@/server/runtime/env";
import { describeKeys } from "./describe-keys";
import { readOptions, USAGE } from "./options";
import { replaceKeys, rotateKeys } from "./rotate-keys";

await runCliAndExit(async ({ print }) => {
  const { command } = readOptions(process.argv.slice(2));
  if (command === "help") return print(USAGE);
  const db = connect(readEnvironment().DATABASE_URL, { poolSize: 1 });
  try {
    if (command === "rotate") await rotateKeys(db);
    if (command === "replace-compromised") {
      const { couldDecrypt } = await replaceKeys(db);
      print(
        `\n  Instances refuse every former token within 2 seconds. Other services do when their copy of the key set expires:\n` +
          `  after 5 to 15 minutes, or at once where they are restarted.\n`,
      );
      if (!couldDecrypt)
        print(
          "  The former keys were encrypted under another ENCRYPTION_SECRET: restart every instance with this one.\n",
        );
    }
    print(`\n${describeKeys(await findSigningKeys(db))}\n`);
  } catch (error) {
    if (!isUnavailable(error) && !(error instanceof Error && "code" in error)) throw error;
    throw new UserError(`The database cannot be used: ${(error as Error).message}`);
  } finally {
    await db.destroy();
  }
});

function readEnvironment(): Env {
  try {
    return env();
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}
