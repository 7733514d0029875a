import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";

/** The product's tests also run in a copy without the evidence: what is cited from there is checked only where it exists. */
export function isLeftOut(path: string): boolean {
  return path.startsWith("evidence/") && !existsSync("evidence");
}

/** A citation is a file in backticks, a colon, and the beginning of the title of a test, a group or a fault, or a part of it. */
export function expectTitleExists(cited: string): void {
  const [, file = "", title = ""] = /^`(.+?)`: (.+)$/.exec(cited) ?? [];
  if (isLeftOut(file)) return;
  expect(existsSync(file), `${cited}: there is no ${file}`).toBe(true);
  // Titles only: a comment with these words is no test.
  const code = readFileSync(file, "utf8").replace(/^\s*(\/\/|\*).*$/gm, "");
  expect(code, cited).toMatch(new RegExp(`["\`][^"\`\\n]*${escaped(title)}`));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
