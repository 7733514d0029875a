import { stat } from "node:fs/promises";
import { join } from "node:path";
import { estimateGuesses } from "./guess-secrets";
import type { ConfigurationFacts } from "./judge-configuration";

const FILES = [".env", ".env.local", ".env.production", ".env.production.local"];

/** `source` is the environment of the app; `folder` is its working directory. */
export async function readConfiguration(
  source: Record<string, string | undefined>,
  folder: string,
): Promise<ConfigurationFacts> {
  const files = await Promise.all(FILES.map((name) => modeOf(folder, name)));
  return { source, guesses: await estimateGuesses(source), files: files.filter((file) => file !== null) };
}

async function modeOf(folder: string, name: string): Promise<ConfigurationFacts["files"][number] | null> {
  try {
    const { mode } = await stat(join(folder, name));
    return { name, mode: process.platform === "win32" ? null : mode };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
