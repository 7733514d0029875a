import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@/scripts/paths.mjs";

/** Replaces values in a recipe of the repository. Throws if a value is missing, so that changes of the recipe are noticed. */
export function fillRecipe(path: string, replacements: Record<string, string>): string {
  let text = readFileSync(join(ROOT, path), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${path} does not contain ${JSON.stringify(from)}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
