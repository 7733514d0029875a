import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@/scripts/paths.mjs";

/** A recipe of the repository with other values in it. What is to be replaced must be there: a recipe that changes is noticed. */
export function fillRecipe(path: string, replacements: Record<string, string>): string {
  let text = readFileSync(join(ROOT, path), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${path} says nothing of ${JSON.stringify(from)}`);
    text = text.replaceAll(from, to);
  }
  return text;
}
