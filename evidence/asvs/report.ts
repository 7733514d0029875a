import { CHAPTERS, levelOf, SOURCE, type Chapter, type Level } from "./chapters";
import type { Claim, Evidence } from "./claim";

const VERDICTS = ["met", "not met", "not applicable"] as const;
const LEVELS: Level[] = [1, 2, 3];

/** Content of evidence/asvs/asvs.md. */
export function report(): string {
  return [
    "# OWASP ASVS 5.0",
    `What [OWASP ASVS 5.0.0](${SOURCE}) asks at levels 1 and 2 of a web front end, authentication, sessions, authorization, tokens,
configuration, data and logging, whether it is met here, and the evidence. Requirements of level 3 are listed only where they are claimed. The numbers are
those of the standard; the wording is ours, shortened: the standard's text is the work of the OWASP ASVS project, under
[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/). These claims have had no external audit.`,
    `Generated from \`evidence/asvs/*.ts\` by \`npm run asvs -- --write\`. \`evidence/asvs/asvs.test.ts\` fails if a requirement is missing, if cited evidence
does not exist, or if this page is out of date. A requirement is "met" only where a test shows it, or a file where no test is possible.`,
    totals(),
    "## Not met, and what it would take",
    CHAPTERS.flatMap(({ claims }) => claims.flatMap(gap)).join("\n"),
    ...CHAPTERS.map(chapter),
  ]
    .join("\n\n")
    .concat("\n");
}

function totals(): string {
  const count = (chapters: Chapter[], level: Level, verdict: Claim["verdict"]) =>
    chapters.reduce(
      (sum, one) =>
        sum + one.claims.filter((claim) => claim.verdict === verdict && levelOf(one, claim.number) === level).length,
      0,
    );
  const cells = (chapters: Chapter[]) =>
    LEVELS.map((level) => VERDICTS.map((verdict) => count(chapters, level, verdict)).join(" / "));
  const row = (name: string, chapters: Chapter[]) => `| ${[name, ...cells(chapters)].join(" | ")} |`;
  return [
    "| chapter | level 1: met / not met / not applicable | level 2 | level 3, claimed |",
    "| --- | --- | --- | --- |",
    ...CHAPTERS.map((one) => row(`V${one.number} ${one.name}`, [one])),
    row("**all**", CHAPTERS),
  ].join("\n");
}

function gap(claim: Claim): string[] {
  return claim.verdict === "not met" ? [`- **${claim.number}**, ${claim.asks}. ${claim.takes}`] : [];
}

function chapter(one: Chapter): string {
  const rows = one.claims.map(
    (claim) =>
      `| ${claim.number} | ${levelOf(one, claim.number)} | ${claim.asks} | ${claim.verdict} | ${shown(claim)} |`,
  );
  return [
    `## V${one.number} ${one.name}\n`,
    "| # | level | asks that | verdict | shown by |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function shown(claim: Claim): string {
  if (claim.verdict === "not applicable") return claim.because;
  const evidence = (claim.evidence ?? []).map(cite).join("<br>");
  const words = claim.verdict === "met" ? claim.note : "See above.";
  return [evidence, words].filter((part) => part).join("<br>");
}

function cite([file, words]: Evidence): string {
  return `[\`${file}\`](../../${file}): ${words.replaceAll("|", "\\|")}`;
}
