import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { expectTitleExists, isLeftOut } from "./testing";

const threats = (readFileSync("ARCHITECTURE.md", "utf8").split("## Threats")[1] ?? "")
  .split("\n")
  .filter((line) => /^\| (?!threat |-)/.test(line))
  .map((line) => line.split("|").slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()))
  .map(([threat = "", , tests = ""]) => ({ threat, tests: tests.split(/ · |; /) }));

test("ARCHITECTURE.md: the table of threats is read", () => expect(threats.length).toBeGreaterThan(15));

test.each(threats)("ARCHITECTURE.md: the tests cited for this threat exist: $threat", ({ tests }) => {
  // An npm command is cited by itself.
  for (const cited of tests.filter((one) => !one.startsWith("`npm run "))) expectTitleExists(cited);
});

const pages = ["docs", "evidence"]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))
  .filter((path) => path.endsWith(".md"))
  .concat("README.md", "ARCHITECTURE.md");

test.each(pages)("%s: every link to a file or heading of the repository resolves", (page) => {
  const text = readFileSync(page, "utf8").replace(/^```[\s\S]*?^```/gm, "");
  for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(link)) continue;
    const [path = "", heading] = link.split("#");
    const file = path === "" ? page : join(dirname(page), path);
    if (isLeftOut(file)) continue;
    expect(existsSync(file), `${link}: there is no ${file}`).toBe(true);
    if (heading !== undefined) expect(anchorsOf(file), link).toContain(heading);
  }
});

test("README.md: what its examples import from this repository is exported there", () => {
  const imports = readFileSync("README.md", "utf8").matchAll(/^import \{ ([^}]+) \} from "@\/([^"]+)";/gm);
  const found = [...imports].filter(([, , module = ""]) => !module.startsWith("db/tables/reports"));
  expect(found.length).toBeGreaterThan(3);
  for (const [, names = "", module = ""] of found) {
    const file = [`${module}.ts`, `${module}.tsx`, `${module}/index.ts`].find((path) => existsSync(path));
    expect(file, module).toBeDefined();
    for (const name of names.split(", ")) {
      const declared = `export (async )?(function|const|class|interface|type) ${name}\\b|export \\{[^}]*\\b${name}\\b`;
      expect(readFileSync(file!, "utf8")).toMatch(new RegExp(declared));
    }
  }
});

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
