import { expect, test } from "vitest";
import { problem, warning, type Group } from "./finding";
import { readOptions } from "./options";
import { reportForMachines, reportForPeople } from "./report";

const HEALTHY: Group = { title: "Cookies", healthy: "as they should be", findings: [] };
const ASKEW: Group = { title: "Versions", healthy: "", findings: [warning("old", "Something is old.", "Renew it")] };
const SICK: Group = {
  title: "Database",
  healthy: "well",
  findings: [
    problem("gone", "The database is gone and nobody knows where it went or when.", "Find it: grep -r database /srv"),
  ],
};
const PLAIN = { width: 60, coloured: false };

test("what is healthy takes a line, and what is not says what to do", () => {
  expect(reportForPeople([HEALTHY, ASKEW, SICK], "https://app.test", PLAIN)).toBe(`
  Portcullis  doctor, https://app.test

  ✓ Cookies       as they should be
  ! Versions
      ! Something is old.
        → Renew it
  ✗ Database
      ✗ The database is gone and nobody knows where it went
        or when.
        → Find it: grep -r database /srv

  1 thing to change, and 1 thing to know.

`);
});

test.each([
  [[HEALTHY], "Nothing to do."],
  [[HEALTHY, ASKEW], "Nothing must be changed; 1 thing to know."],
  [[SICK, SICK], "2 things to change."],
])("the last line is the verdict", (groups, verdict) => {
  expect(reportForPeople(groups, "", PLAIN).trimEnd().split("\n").at(-1)?.trim()).toBe(verdict);
});

test("what was not examined says why", () => {
  const skipped = { ...HEALTHY, skipped: "nobody is there" };
  expect(reportForPeople([skipped], "", PLAIN)).toContain("· Cookies       nobody is there\n");
});

test("what a server tells reaches no terminal as a command", () => {
  const evil = { ...SICK, findings: [problem("x", "Server: \u001b[2J\u009b2J", "a\rb\nc")] };
  const told = reportForPeople([evil, { ...HEALTHY, healthy: "\u0007" }], "\u001b]0;x", PLAIN);
  expect(told.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(told).toContain("Server: ?[2J?2J");
});

test("machines get all of it, and warnings do not fail them", () => {
  const at = new Date("2026-11-21T03:00:00Z");
  const read = (groups: Group[]) => JSON.parse(reportForMachines(groups, "here", at));
  expect(read([HEALTHY, ASKEW])).toMatchObject({ subject: "here", at: "2026-11-21T03:00:00.000Z", healthy: true });
  expect(read([SICK])).toMatchObject({ healthy: false, groups: [{ findings: [{ id: "gone", level: "problem" }] }] });
});

test("arguments", () => {
  expect(readOptions([])).toEqual({ url: null, isForMachines: false });
  expect(readOptions(["--json", "--url", "https://app.test/login?x"])).toEqual({
    url: new URL("https://app.test"),
    isForMachines: true,
  });
  for (const args of [["--url", "app.test"], ["--url", "ftp://app.test"], ["--url"], ["--what"], ["stray"]])
    expect(() => readOptions(args), args.join(" ")).toThrow(TypeError);
});
