import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { judgeNodeRelease } from "../scripts/node-release.mjs";

const PROGRAMS = { doctor: "ops/doctor/main.ts", revocations: "ops/revocations/main.ts", keys: "ops/keys/main.ts" };

// A release past its end of life is part of the report.
const { kind, message } = judgeNodeRelease(process.versions.node, new Date());
if (kind === "refused") {
  console.error(message);
  process.exit(1);
}
const { bundle } = await import("../scripts/bundle.mjs");
const { isProduction, readEnvironment, readSources, reconcileAddress } = await import("../scripts/environment.mjs");
const { socketPath } = await import("../scripts/mysql/socket-path.mjs");
const { DATA, ROOT } = await import("../scripts/paths.mjs");

if (!existsSync(join(ROOT, "node_modules", "esbuild"))) {
  console.error("The packages are not installed. Run npm ci first.");
  process.exit(1);
}

// In a container the bundles are in .next/entry.
const folder = join(DATA, "entry");
const [name, ...args] = process.argv.slice(2);
const source = PROGRAMS[/** @type {keyof typeof PROGRAMS} */ (name)];
await bundle({ [name]: source }, folder);
const { status } = spawnSync(process.execPath, [join(folder, `${name}.mjs`), ...args], {
  cwd: ROOT,
  env: environment(),
  stdio: "inherit",
});
process.exit(status ?? 1);

/** The environment that `npm start` would use. In production no defaults are added, so that missing variables are reported. */
function environment() {
  const found = readEnvironment();
  if (isProduction(found)) return found;
  const socket = socketPath(join(DATA, "mysql"));
  const { origin, port } = reconcileAddress(readSources());
  return {
    APP_ORIGIN: `http://localhost:${found.PORT ?? 3000}`,
    DATABASE_URL: `mysql://root@localhost/portcullis?socketPath=${encodeURIComponent(socket)}`,
    ...found,
    ...(origin === undefined ? {} : { APP_ORIGIN: origin }),
    ...(port === undefined ? {} : { PORT: port }),
  };
}
