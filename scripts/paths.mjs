import { readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
/** Everything that we make and keep on this machine, beside the build: data, logs, reports. */
export const DATA = join(ROOT, ".data");
/** What runs the current build. The builds themselves lie beside each other in BUILDS, because running instances keep theirs. */
export const ENTRY = join(ROOT, ".next", "entry");
export const BUILDS = join(DATA, "builds");
/** Names the current build, from ROOT. */
export const CURRENT_BUILD = join(ENTRY, "build");
/** @returns {string} the folder of the current build */
export function findBuild() {
  return join(ROOT, readFileSync(CURRENT_BUILD, "utf8"));
}

/** Outlives the clone: things that are slow to fetch and the same for every clone. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(home(), ".cache"), "portcullis");

/** A user who is in no list of users has no home, if HOME is not set either. */
function home() {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}
