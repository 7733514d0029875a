import { CHAPTERS, evidenceOf, levelOf, SOURCE, verdictOf, type Chapter, type Claim, type Level } from "./chapters";

const VERDICTS = ["met", "not met", "not applicable"] as const;
const LEVELS: Level[] = [1, 2, 3];

/** Content of evidence/asvs/asvs.md. */
export function report(): string {
  return [
    "# OWASP ASVS 5.0",
    `The requirements of [OWASP ASVS 5.0.0](${SOURCE}), levels 1 and 2, for web front end, authentication, sessions, authorization, tokens,
configuration, data and logging, whether they are met, and the evidence. Requirements of level 3 are listed only if they are met. The numbers are
those of the standard; the wording is ours, shortened: the standard's text is the work of the OWASP ASVS project, under
[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/). These claims have had no external audit.`,
    `Generated from \`evidence/asvs/*.json\` by \`npm run asvs -- --write\`. \`evidence/asvs/asvs.test.ts\` fails if a requirement is missing, if cited evidence
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
  const count = (chapters: Chapter[], level: Level, verdict: (typeof VERDICTS)[number]) =>
    chapters.reduce(
      (sum, one) =>
        sum + one.claims.filter((claim) => verdictOf(claim) === verdict && levelOf(one, claim.number) === level).length,
      0,
    );
  const cells = (chapters: Chapter[]) =>
    LEVELS.map((level) => VERDICTS.map((verdict) => count(chapters, level, verdict)).join(" / "));
  const row = (name: string, chapters: Chapter[]) => `| ${[name, ...cells(chapters)].join(" | ")} |`;
  return [
    "| chapter | level 1: met / not met / not applicable | level 2 | level 3 |",
    "| --- | --- | --- | --- |",
    ...CHAPTERS.map((one) => row(`V${one.number} ${one.name}`, [one])),
    row("**all**", CHAPTERS),
  ].join("\n");
}

function gap({ number, requirement, notMet }: Claim): string[] {
  return notMet === undefined ? [] : [`- **${number}**, ${requirement}. ${notMet}`];
}

function chapter(one: Chapter): string {
  const rows = one.claims.map((claim) => {
    const { number, requirement } = claim;
    return `| ${number} | ${levelOf(one, number)} | ${requirement} | ${verdictOf(claim)} | ${shown(claim)} |`;
  });
  return [
    `## V${one.number} ${one.name}\n`,
    "| # | level | requirement | verdict | evidence |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function shown(claim: Claim): string {
  const cited = evidenceOf(claim).map(
    ({ file, text }) => `[\`${file}\`](../../${file}): ${text.replaceAll("|", "\\|")}`,
  );
  const words = claim.notApplicable ?? claim.note ?? (claim.notMet === undefined ? "" : "See above.");
  return [...cited, words].filter((part) => part !== "").join("<br>");
}
