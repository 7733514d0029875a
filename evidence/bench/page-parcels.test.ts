import { expect, test } from "vitest";
import { parcelOf, parcelTable } from "./page-parcels";

test.each([
  ["../../node_modules/next/dist/client/link.js", "the framework and React"],
  ["turbopack:///[project]/node_modules/@trpc/client/dist/index.mjs", "`@trpc/client`, `@trpc/server`"],
  ["turbopack:///[project]/.data/bench/twins/app/auth/tab-channel.ts", "`app/auth/`"],
  ["turbopack:///[project]/.data/bench/twins/app/(guest)/login/login-form.tsx", "the page itself"],
  ["turbopack:///[project]/.data/bench/twins/server/auth/policy/refusals.ts", "`server/auth/policy/`"],
  ["node_modules/surprise/index.js", "others"],
])("%s is part of %s", (source, parcel) => {
  expect(parcelOf(source)).toBe(parcel);
});

test("the table shows what is above the empty page, largest first, and says of what nobody knows why", () => {
  const page = new Map([["the bundler", 1500], ["others", 4000]]); // prettier-ignore
  expect(
    parcelTable(page, new Map([["the bundler", 500]]))
      .split("\n")
      .slice(2),
  ).toEqual([
    "| others | 4.0 kB | nobody knows |",
    "| the bundler | 1.0 kB | what holds the modules together |",
    "| **in all** | **5.0 kB** | |",
  ]);
});
