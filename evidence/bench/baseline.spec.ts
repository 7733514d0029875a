import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "@/e2e/kit";
import { findBuild } from "@/scripts/paths.mjs";

// The baseline build has a page and a procedure without authentication. The production build must have neither.
const BASELINE_ONLY = /open-page|open\.session|open-caller/;

test("production build: the page and procedure of the baseline return 404", async ({ request }) => {
  expect((await request.get("/open-page")).status()).toBe(404);
  const call = await request.get("/api/trpc/open.session");
  expect(call.status()).toBe(404);
  expect(await call.text()).not.toContain("user");
});

test("production build: no file mentions the page or procedure of the baseline", () => {
  const build = findBuild();
  // A folder can have such a name, too: that of the route jwks.json.
  const files = readdirSync(build, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(m?js|json|html|rsc|txt)$/.test(entry.name))
    .map((entry) => relative(build, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith("cache"));
  expect(files.filter((path) => BASELINE_ONLY.test(path))).toEqual([]);
  const containing = files.filter((path) => BASELINE_ONLY.test(readFileSync(join(build, path), "utf8")));
  expect(containing).toEqual([]);
  // Control: the same search finds pages of the product.
  expect(files.filter((path) => path.includes("dashboard"))).not.toEqual([]);
});
