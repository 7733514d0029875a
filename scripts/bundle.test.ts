import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bundle } from "./bundle.mjs";
import { DATA } from "./paths.mjs";

test("a bundle that is made again is at no moment empty or half written", async () => {
  const folder = join(DATA, "test", `bundle-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const make = () => bundle({ migrate: "scripts/migrate.ts" }, folder);
  await make();
  const whole = readFileSync(join(folder, "migrate.mjs"), "utf8");

  let isOver = false;
  const rounds = (async () => {
    for (let round = 0; round < 20; round++) await Promise.all([make(), make()]);
  })().finally(() => (isOver = true));
  const seen = new Set<string>();
  while (!isOver) {
    seen.add(readFileSync(join(folder, "migrate.mjs"), "utf8"));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await rounds;
  expect([...seen]).toEqual([whole]);
});
