import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isInstalled } from "./install.mjs";
import { ROOT } from "./paths.mjs";

const wanted = {
  "": { version: "0.1.0" },
  "node_modules/zod": { version: "4.0.0", integrity: "sha512-a" },
  "node_modules/next-darwin": { version: "16.0.0", integrity: "sha512-b", optional: true },
};
const zod = { "node_modules/zod": { version: "4.0.0", integrity: "sha512-a" } };

test("isInstalled: optional packages of other platforms may be absent", () => {
  expect(isInstalled(wanted, zod)).toBe(true);
});

test.each([
  ["an empty list", {}],
  ["a different version", { "node_modules/zod": { version: "4.0.1", integrity: "sha512-a" } }],
  ["different content", { "node_modules/zod": { version: "4.0.0", integrity: "sha512-c" } }],
  ["an optional package of a different version", { ...zod, "node_modules/next-darwin": { version: "15.0.0" } }],
  ["a package that was removed from the lock file", { ...zod, "node_modules/left-pad": { version: "1.0.0" } }],
])("isInstalled: %s requires a new installation", (_, installed) => {
  expect(isInstalled(wanted, installed)).toBe(false);
});

test("package-lock.json: every package has a SHA-512 integrity value, including those of other platforms", () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const fetched = Object.entries<{ link?: boolean; inBundle?: boolean; integrity?: string }>(packages).filter(
    ([path, { link, inBundle }]) => path !== "" && !link && !inBundle,
  );
  expect(fetched.length).toBeGreaterThan(100);
  const unchecked = fetched.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""));
  expect(unchecked.map(([path]) => path)).toEqual([]);
});
