import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CHAPTERS, evidenceOf, levelOf, verdictOf } from "./chapters";
import { report } from "./report";

const CLAIMS = CHAPTERS.flatMap(({ claims }) => claims);
const isTest = (file: string) => /\.(test|spec)\.tsx?$/.test(file);

/** Whether a test file has a test, a group or a row with exactly this title. Comments do not count. */
function hasTitle(source: string, words: string): boolean {
  return ['"', "`", "'"].some((quote) => source.includes(`${quote}${words}${quote}`));
}

describe("the claims about ASVS 5.0", () => {
  test.each(CHAPTERS.map((chapter) => [chapter.number, chapter] as const))(
    "V%s: each requirement of levels 1 and 2 has one entry, in order, and no other number has one",
    (_, chapter) => {
      const numbers = chapter.claims.map(({ number }) => number);
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const number of [...chapter.requirements[1], ...chapter.requirements[2]]) expect(numbers).toContain(number);
      for (const number of numbers) expect(levelOf(chapter, number), number).toBeDefined();
      const byNumber = (one: string, other: string) => one.localeCompare(other, "en", { numeric: true });
      expect(numbers).toEqual([...numbers].sort(byNumber));
    },
  );

  test("the numbers are those of the eight chapters of 5.0.0", () => {
    const counts = CHAPTERS.map(({ number, requirements: { 1: one, 2: two, 3: three } }) =>
      [number, one.length, two.length, three.length].join(" "),
    );
    expect(counts).toEqual([
      "3 8 11 12",
      "6 13 22 12",
      "7 6 12 1",
      "8 4 3 6",
      "9 4 3 0",
      "13 1 12 8",
      "14 2 7 4",
      "16 0 16 1",
    ]);
    for (const { number, requirements } of CHAPTERS) {
      for (const one of Object.values(requirements).flat())
        expect(one).toMatch(new RegExp(`^${number}\\.\\d+\\.\\d+$`));
    }
  });

  const shown = CLAIMS.filter((claim) => evidenceOf(claim).length > 0);
  test.each(shown.map((claim) => [claim.number, claim] as const))("%s: its evidence exists", (_, claim) => {
    for (const { file, text } of evidenceOf(claim)) {
      expect(text.trim().length, file).toBeGreaterThan(2);
      expect(existsSync(file), file).toBe(true);
      const source = readFileSync(file, "utf8");
      expect(isTest(file) ? hasTitle(source, text) : source.includes(text), `"${text}" in ${file}`).toBe(true);
      if (isTest(file)) expect(source, `${file} skips tests`).not.toMatch(/\.(skip|fixme|todo|only)\(/);
    }
  });

  test("each claim is met with evidence, or says what is missing or why it does not apply", () => {
    for (const { number, requirement, met, note, notMet, evidence, notApplicable } of CLAIMS) {
      expect(requirement.trim().length, number).toBeGreaterThan(5);
      expect([met, notMet, notApplicable].filter((verdict) => verdict !== undefined).length, number).toBe(1);
      if (met !== undefined) expect(met.length, number).toBeGreaterThan(0);
      else expect((notMet ?? notApplicable)?.trim().length, number).toBeGreaterThan(4);
      if (met === undefined) expect(note, number).toBeUndefined();
      if (notMet === undefined) expect(evidence, number).toBeUndefined();
    }
  });

  test("requirements of level 3 are listed only if met", () => {
    for (const chapter of CHAPTERS) {
      for (const claim of chapter.claims) {
        if (levelOf(chapter, claim.number) === 3) expect(verdictOf(claim), claim.number).toBe("met");
      }
    }
  });
});

test("evidence/asvs/asvs.md says what the claims say: renew it with `npm run asvs -- --write`", () => {
  expect(readFileSync("evidence/asvs/asvs.md", "utf8")).toBe(report());
});
