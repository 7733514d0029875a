import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@/e2e/kit";
import { findBuild } from "@/scripts/paths.mjs";

// The bench builds a copy of the app with a page and a procedure left open. What ships has neither.
const BASELINE_ONLY = /open-page|open\.session|open-caller/;

test("nobody answers where the bench's copy has its open page and procedure", async ({ request }) => {
  expect((await request.get("/open-page")).status()).toBe(404);
  const call = await request.get("/api/trpc/open.session");
  expect(call.status()).toBe(404);
  expect(await call.text()).not.toContain("user");
});

test("no file of the build knows them", () => {
  const build = findBuild();
  const files = readdirSync(build, { recursive: true, encoding: "utf8" }).filter(
    (path) => /\.(m?js|json|html|rsc|txt)$/.test(path) && !path.startsWith("cache"),
  );
  expect(files.filter((path) => BASELINE_ONLY.test(path))).toEqual([]);
  const containing = files.filter((path) => BASELINE_ONLY.test(readFileSync(join(build, path), "utf8")));
  expect(containing).toEqual([]);
  // The same look finds what does ship.
  expect(files.filter((path) => path.includes("dashboard"))).not.toEqual([]);
});
