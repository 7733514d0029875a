import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("no migration inserts an account or creates a database user", () => {
  const sources = readdirSync("db/migrations").map((name) => readFileSync(`db/migrations/${name}`, "utf8"));
  expect(sources.length).toBeGreaterThan(5);
  for (const source of sources)
    expect(source).not.toMatch(/insertInto\(|replaceInto\(|insert into|create user|grant /i);
});
