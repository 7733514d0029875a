import { expect, test } from "vitest";
import { problem, warning, type Group } from "./finding";
import { readOptions } from "./options";
import { reportAsJson, reportAsText } from "./report";

const HEALTHY: Group = { title: "Cookies", healthy: "as they should be", findings: [] };
const OUTDATED: Group = { title: "Versions", healthy: "", findings: [warning("old", "Something is old.", "Renew it")] };
const BROKEN: Group = {
  title: "Database",
  healthy: "well",
  findings: [
    problem("gone", "The database is gone and its location cannot be determined.", "Find it: grep -r database /srv"),
  ],
};
const PLAIN = { width: 60, coloured: false };

test("report: one line for a healthy group, and remedies for findings", () => {
  expect(reportAsText([HEALTHY, OUTDATED, BROKEN], "https://app.test", PLAIN)).toBe(`
  Portcullis  doctor, https://app.test

  ✓ Cookies       as they should be
  ! Versions
      ! Something is old.
        → Renew it
  ✗ Database
      ✗ The database is gone and its location cannot be
        determined.
        → Find it: grep -r database /srv

  1 problem, 1 warning.

`);
});

test.each([
  [[HEALTHY], "No problems found."],
  [[HEALTHY, OUTDATED], "No problems, 1 warning."],
  [[BROKEN, BROKEN], "2 problems."],
])("report: the last line is a summary", (groups, verdict) => {
  expect(reportAsText(groups, "", PLAIN).trimEnd().split("\n").at(-1)?.trim()).toBe(verdict);
});

test("report: a skipped group shows the reason", () => {
  const skipped = { ...HEALTHY, skipped: "no server" };
  expect(reportAsText([skipped], "", PLAIN)).toContain("· Cookies       no server\n");
});

test("report: control characters from a server are replaced", () => {
  const evil = { ...BROKEN, findings: [problem("x", "Server: \u001b[2J\u009b2J", "a\rb\nc")] };
  const report = reportAsText([evil, { ...HEALTHY, healthy: "\u0007" }], "\u001b]0;x", PLAIN);
  expect(report.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(report).toContain("Server: ?[2J?2J");
});

test("report: JSON contains all findings, and warnings are healthy", () => {
  const at = new Date("2026-11-21T03:00:00Z");
  const read = (groups: Group[]) => JSON.parse(reportAsJson(groups, "here", at));
  expect(read([HEALTHY, OUTDATED])).toMatchObject({ subject: "here", at: "2026-11-21T03:00:00.000Z", healthy: true });
  expect(read([BROKEN])).toMatchObject({ healthy: false, groups: [{ findings: [{ id: "gone", level: "problem" }] }] });
});

test("options: --url and --json are parsed, and other arguments are refused", () => {
  expect(readOptions([])).toEqual({ url: null, asJson: false });
  expect(readOptions(["--json", "--url", "https://app.test/login?x"])).toEqual({
    url: new URL("https://app.test"),
    asJson: true,
  });
  for (const args of [["--url", "app.test"], ["--url", "ftp://app.test"], ["--url"], ["--what"], ["stray"]])
    expect(() => readOptions(args), args.join(" ")).toThrow(TypeError);
});
