import { expect, test } from "vitest";
import { groupOf, groupTable } from "./script-groups";

test.each([
  ["../../node_modules/next/dist/client/link.js", "the framework and React"],
  ["turbopack:///[project]/node_modules/@trpc/client/dist/index.mjs", "`@trpc/client`, `@trpc/server`"],
  ["turbopack:///[project]/.data/bench/baseline/app/auth/tab-channel.ts", "`app/auth/`"],
  ["turbopack:///[project]/.data/bench/baseline/app/(guest)/login/login-form.tsx", "the page itself"],
  ["turbopack:///[project]/.data/bench/baseline/server/auth/policy/refusals.ts", "`server/auth/policy/`"],
  ["node_modules/surprise/index.js", "others"],
])("script groups: %s belongs to %s", (source, group) => {
  expect(groupOf(source)).toBe(group);
});

test("script groups: the table subtracts the empty page, sorts by size, and marks unknown groups", () => {
  const page = new Map([["the bundler", 1500], ["others", 4000]]); // prettier-ignore
  expect(
    groupTable(page, new Map([["the bundler", 500]]))
      .split("\n")
      .slice(2),
  ).toEqual([
    "| others | 4.0 kB | unknown |",
    "| the bundler | 1.0 kB | module runtime |",
    "| **total** | **5.0 kB** | |",
  ]);
});
