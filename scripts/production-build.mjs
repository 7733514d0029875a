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
/** Written last: a build without it is incomplete. */
const COMPLETION_FILE = "inputs";
/** Unused builds to keep besides the current one: an instance may have been started by hand. */
const EXTRA_BUILDS_KEPT = 1;
const PROGRAMS = {
  main: "server/main.ts",
  migrate: "scripts/migrate.ts",
  doctor: "ops/doctor/main.ts",
  revocations: "ops/revocations/main.ts",
  keys: "ops/keys/main.ts",
};

/**
 * Builds for production, unless a build of the same inputs exists. Each build has its own folder, so that instances of
 * other builds keep their pages and scripts.
 * @param {(detail: string) => void} onProgress
 */
export async function buildOnce(onProgress) {
  await withLock(join(DATA, "build.lock"), build, (pid) => onProgress(`waiting for the build by process ${pid}`));

  async function build() {
    const inputs = hashBuildInputs(ROOT, readEnvironment());
    const preferred = join(BUILDS, inputs.slice(0, 16));
    const folder = isComplete(preferred) || !isInUse(preferred) ? preferred : `${preferred}-${process.pid}`;
    if (isComplete(folder)) {
      onProgress("unchanged");
    } else {
      onProgress("next build");
      await makeBuild(folder, onProgress);
      // If an input changed during the build, its hash does not describe the result.
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
  // All builds share one cache path, the only one that a container makes writable.
  const cache = join(ROOT, ".next", "cache");
  mkdirSync(cache, { recursive: true });
  rmSync(join(folder, "cache"), { recursive: true, force: true });
  symlinkSync(relative(folder, cache), join(folder, "cache"));
  onProgress("bundling the entry");
  // next.config.ts reads this variable to find the build of this entry.
  await bundle(PROGRAMS, join(folder, "entry"), `process.env.PORTCULLIS_BUILD = ${JSON.stringify(name)};`);
}

/** Makes a build the current one. @param {string} folder */
function activateBuild(folder) {
  mkdirSync(ENTRY, { recursive: true });
  const build = relative(ROOT, folder);
  const imported = relative(ENTRY, join(folder, "entry"));
  for (const name of Object.keys(PROGRAMS))
    replaceFile(join(ENTRY, `${name}.mjs`), `import ${JSON.stringify(`${imported}/${name}.mjs`)};\n`);
  replaceFile(CURRENT_BUILD, build);
}

/** Replaces a file atomically. @param {string} file  @param {string} content */
function replaceFile(file, content) {
  if (existsSync(file) && readFileSync(file, "utf8") === content) return;
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

/**
 * Removes all builds but the current one, those in use by running instances, and EXTRA_BUILDS_KEPT others.
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

/** Records that a process uses a build. @param {string} folder  @param {string | null} identity from identify() */
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

/** The build must not depend on a deployment: it gets no secrets and no database. */
function buildEnvironment() {
  const hidden = Object.fromEntries(REQUIRED.map((name) => [name, undefined]));
  return { ...process.env, ...hidden, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
}
