import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { hashBuildInputs } from "./build-inputs.mjs";
import { bundle } from "./bundle.mjs";
import { runOrThrow } from "./command.mjs";
import { REQUIRED, readEnvironment } from "./environment.mjs";
import { isRunning } from "./process-identity.mjs";
import { withLock } from "./lock.mjs";
import { BUILDS, CURRENT_BUILD, DATA, ENTRY, ROOT } from "./paths.mjs";

const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
/** Written last: a build without it is half made. */
const COMPLETION_FILE = "inputs";
/** Kept besides the current one although nobody is known to run them: an entry may have been started by hand. */
const EXTRA_BUILDS_KEPT = 1;
const PROGRAMS = { main: "server/main.ts", migrate: "scripts/migrate.ts", doctor: "ops/doctor/main.ts" };

/**
 * Makes the production build, unless there is one of the same inputs. Each has a folder of its own: an instance that runs on
 * another one keeps its pages and scripts.
 * @param {(detail: string) => void} onProgress
 */
export async function buildOnce(onProgress) {
  await withLock(join(DATA, "build.lock"), build, (pid) => onProgress(`waiting for process ${pid}, which is building`));

  async function build() {
    const inputs = hashBuildInputs(ROOT, readEnvironment());
    const named = join(BUILDS, inputs.slice(0, 16));
    const folder = isComplete(named) || !isInUse(named) ? named : `${named}-${process.pid}`;
    if (isComplete(folder)) {
      onProgress("unchanged");
    } else {
      onProgress("next build");
      await makeBuild(folder, onProgress);
      // A file that was saved meanwhile may be in the build or not: its name would promise too much.
      if (hashBuildInputs(ROOT, readEnvironment()) === inputs) writeFileSync(join(folder, COMPLETION_FILE), inputs);
      onProgress("next build");
    }
    activateBuild(folder);
    removeUnusedBuilds(folder);
  }
}

/** @param {string} folder */
function isComplete(folder) {
  return existsSync(join(folder, COMPLETION_FILE));
}

/** @param {string} folder  @param {(detail: string) => void} onProgress */
async function makeBuild(folder, onProgress) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const name = relative(ROOT, folder);
  await runOrThrow(process.execPath, [NEXT, "build"], {
    log: join(DATA, "logs", "next-build.log"),
    env: { ...buildEnvironment(), PORTCULLIS_BUILD: name },
  });
  // The app's own cache lies at one path for all builds: a container makes it writable, and nothing else.
  const cache = join(ROOT, ".next", "cache");
  mkdirSync(cache, { recursive: true });
  rmSync(join(folder, "cache"), { recursive: true, force: true });
  symlinkSync(relative(folder, cache), join(folder, "cache"));
  onProgress("bundling the entry");
  // next.config.ts reads it: the entry serves the build that it belongs to.
  await bundle(PROGRAMS, join(folder, "entry"), `process.env.PORTCULLIS_BUILD = ${JSON.stringify(name)};`);
}

/** Makes a build the one that is started from now on. @param {string} folder */
function activateBuild(folder) {
  mkdirSync(ENTRY, { recursive: true });
  const build = relative(ROOT, folder);
  const imported = relative(ENTRY, join(folder, "entry"));
  for (const name of Object.keys(PROGRAMS))
    replaceFile(join(ENTRY, `${name}.mjs`), `import ${JSON.stringify(`${imported}/${name}.mjs`)};\n`);
  replaceFile(CURRENT_BUILD, build);
}

/** Whoever reads meanwhile gets the old content or the new one. @param {string} file  @param {string} content */
function replaceFile(file, content) {
  if (existsSync(file) && readFileSync(file, "utf8") === content) return;
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

/**
 * Removes the builds beside the current one, except those that running instances use, and one more.
 * @param {string} current
 */
export function removeUnusedBuilds(current) {
  const builds = dirname(current);
  const others = readdirSync(builds)
    .map((name) => join(builds, name))
    .filter((folder) => folder !== current && !isInUse(folder))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  const spare = others.filter(isComplete).slice(0, EXTRA_BUILDS_KEPT);
  for (const folder of others) if (!spare.includes(folder)) rmSync(folder, { recursive: true, force: true });
}

/** Notes that a process runs on a build. @param {string} folder  @param {string | null} identity from identify() */
export function registerBuildUser(folder, identity) {
  if (identity === null) return;
  mkdirSync(join(folder, "users"), { recursive: true });
  writeFileSync(join(folder, "users", identity), "");
}

/** @param {string} folder */
function isInUse(folder) {
  const users = join(folder, "users");
  return existsSync(users) && readdirSync(users).some(isRunning);
}

/** A build is the same for every deployment: it sees no secret and no database. */
function buildEnvironment() {
  const hidden = Object.fromEntries(REQUIRED.map((name) => [name, undefined]));
  return { ...process.env, ...hidden, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
}
