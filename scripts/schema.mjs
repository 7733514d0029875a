import { join } from "node:path";
import { bundle } from "./bundle.mjs";
import { runOrThrow } from "./command.mjs";
import { DATA } from "./paths.mjs";

/**
 * Brings a database's tables up to date. Needs no production build.
 * @param {string} url
 * @returns {Promise<string>} what was done
 */
export async function migrate(url) {
  const folder = join(DATA, "entry");
  await bundle({ migrate: "scripts/migrate.ts" }, folder);
  const said = await runOrThrow(process.execPath, [join(folder, "migrate.mjs")], {
    log: join(DATA, "logs", "migrate.log"),
    env: { ...process.env, DATABASE_URL: url },
  });
  return said.trim();
}
