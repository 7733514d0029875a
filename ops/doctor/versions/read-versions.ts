import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PACKAGE_ADVISORIES } from "./advisories";
import type { VersionFacts } from "./judge-versions";

/** Reads the versions installed in `folder`. */
export async function readVersions(folder: string): Promise<VersionFacts> {
  const versions = await Promise.all(
    Object.keys(PACKAGE_ADVISORIES).map(async (name) => [name, await versionOf(folder, name)] as const),
  );
  return { node: process.versions.node, packages: Object.fromEntries(versions) };
}

async function versionOf(folder: string, name: string): Promise<string | null> {
  try {
    return JSON.parse(await readFile(join(folder, "node_modules", name, "package.json"), "utf8")).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
