import { join } from "node:path";
import { bundle } from "./bundle.mjs";
import { runOrThrow } from "./command.mjs";
import { DATA } from "./paths.mjs";

/**
 * Runs the pending migrations. Needs no production build.
 * @param {string} url
 * @returns {Promise<string>} a summary
 */
export async function migrate(url) {
  const folder = join(DATA, "entry");
  await bundle({ migrate: "scripts/migrate.ts" }, folder);
  const output = await runOrThrow(process.execPath, [join(folder, "migrate.mjs")], {
    log: join(DATA, "logs", "migrate.log"),
    env: { ...process.env, DATABASE_URL: url },
  });
  return output.trim();
}
