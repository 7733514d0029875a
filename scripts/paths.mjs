import { readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
/** Generated files of this clone: database, builds, logs, reports. */
export const DATA = join(ROOT, ".data");
/** Entry of the current build. Each build has its own folder in BUILDS, because running instances keep using theirs. */
export const ENTRY = join(ROOT, ".next", "entry");
export const BUILDS = join(DATA, "builds");
/** File with the path of the current build, relative to ROOT. */
export const CURRENT_BUILD = join(ENTRY, "build");
/** @returns {string} the folder of the current build */
export function findBuild() {
  return join(ROOT, readFileSync(CURRENT_BUILD, "utf8"));
}

/** Shared by all clones: slow downloads. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(home(), ".cache"), "portcullis");

/** homedir() throws for a user without a passwd entry if HOME is unset. */
function home() {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}
