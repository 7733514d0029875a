import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashBuildInputs } from "./build-inputs.mjs";
import { bundle } from "./bundle.mjs";
import { mustRun } from "./command.mjs";
import { REQUIRED, readEnvironment } from "./environment.mjs";
import { withLock } from "./lock.mjs";
import { DATA, ENTRY, ROOT } from "./paths.mjs";

const STAMP = join(ENTRY, "inputs");
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

/**
 * Makes the production build, unless the one that is there was made from the same inputs.
 * @param {(detail: string) => void} say
 */
export async function buildOnce(say) {
  await withLock(join(DATA, "build.lock"), build, (pid) => say(`waiting for process ${pid}, which is building`));

  async function build() {
    const inputs = hashBuildInputs(ROOT, readEnvironment());
    if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === inputs) return say("unchanged");
    rmSync(STAMP, { force: true });
    say("next build");
    await mustRun(process.execPath, [NEXT, "build"], {
      log: join(DATA, "logs", "next-build.log"),
      env: buildEnvironment(),
    });
    say("bundling the entry");
    await bundle({ main: "server/main.ts", migrate: "scripts/migrate.ts", doctor: "doctor/main.ts" }, ENTRY);
    writeFileSync(STAMP, inputs);
    say("next build");
  }
}

/** A build is the same for every deployment: it sees no secret and no database. */
function buildEnvironment() {
  const hidden = Object.fromEntries(REQUIRED.map((name) => [name, undefined]));
  return { ...process.env, ...hidden, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
}
