import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundle } from "./bundle.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT } from "./paths.mjs";

const PROGRAM = join(DATA, "entry", "parse-environment.mjs");

/**
 * Checks the variables as the app will, before schema and build: these take a minute, and touch the database.
 * @param {import("./environment.mjs").Environment} environment
 */
export async function validateEnvironment(environment) {
  await bundle({ "parse-environment": "scripts/parse-environment.ts" }, join(DATA, "entry"));
  // Provided later, and right by construction.
  const provided = { DATABASE_URL: "mysql://root@localhost/portcullis", APP_ORIGIN: "http://localhost" };
  const env = { ...provided, ...environment };
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM], { cwd: ROOT, env, encoding: "utf8" });
  if (status !== 0) throw new UserError(`${stderr.trim()}\nNothing was started.`);
}
