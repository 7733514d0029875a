import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { judgeNodeRelease } from "../../scripts/node-release.mjs";

// Of a release that has ended the report tells, beside all else.
const { kind, message } = judgeNodeRelease(process.versions.node, new Date());
if (kind === "refused") {
  console.error(message);
  process.exit(1);
}
const { bundle } = await import("../../scripts/bundle.mjs");
const { isProduction, readEnvironment, readSources, reconcileAddress } = await import("../../scripts/environment.mjs");
const { socketPath } = await import("../../scripts/mysql/socket-path.mjs");
const { DATA, ROOT } = await import("../../scripts/paths.mjs");

if (!existsSync(join(ROOT, "node_modules", "esbuild"))) {
  console.error("The packages are not installed. npm ci installs them; then ask again.");
  process.exit(1);
}

// Written in TypeScript like what it examines, and bundled like it. A container has it as .next/entry/doctor.mjs.
const folder = join(DATA, "entry");
await bundle({ doctor: "ops/doctor/main.ts" }, folder);
const { status } = spawnSync(process.execPath, [join(folder, "doctor.mjs"), ...process.argv.slice(2)], {
  cwd: ROOT,
  env: environment(),
  stdio: "inherit",
});
process.exit(status ?? 1);

/** What `npm start` would run the app with. In a production nothing is filled in: what is missing there is to be named. */
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
