import "server-only";
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ICON, STATIC } from "@/server/auth/policy/routes";

/** URL paths of the built files. Null if there is no such folder, so that the app handles all static paths. */
export function readStaticFiles(folder: string): ReadonlySet<string> | null {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const names = entries.map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
    return new Set([ICON, ...names.map((name) => `${STATIC}/${name}`)]);
  } catch {
    return null;
  }
}

/** An encoded slash is not a path separator, although Next decodes it to one. */
export function isStaticFile(path: string, files: ReadonlySet<string>): boolean {
  if (files.has(path)) return true;
  if (!path.includes("%") || /%2f/i.test(path)) return false;
  try {
    return files.has(decodeURIComponent(path));
  } catch {
    return false;
  }
}
