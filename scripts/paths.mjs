import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
/** Everything that we make and keep on this machine, beside the build: data, logs, reports. */
export const DATA = join(ROOT, ".data");
export const BUILD = join(ROOT, ".next");
export const ENTRY = join(BUILD, "entry");
/** Outlives the clone: things that are slow to fetch and the same for every clone. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "portcullis");
