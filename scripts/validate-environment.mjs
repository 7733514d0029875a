import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundle } from "./bundle.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT } from "./paths.mjs";

const PROGRAM = join(DATA, "entry", "parse-environment.mjs");

/**
 * Validates the variables with the app's own parser, before migrations and build, which take a minute and change the database.
 * @param {import("./environment.mjs").Environment} environment
 */
export async function validateEnvironment(environment) {
  await bundle({ "parse-environment": "scripts/parse-environment.ts" }, join(DATA, "entry"));
  // Set later by this script itself.
  const provided = { DATABASE_URL: "mysql://root@localhost/portcullis", APP_ORIGIN: "http://localhost" };
  const env = { ...provided, ...environment };
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM], { cwd: ROOT, env, encoding: "utf8" });
  if (status !== 0) throw new UserError(`${stderr.trim()}\nThe app was not started.`);
}
