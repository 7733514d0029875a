import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pathWithoutSpecialCharacters, socketPath } from "./socket-path.mjs";

test("socketPath: is in the data directory", () => {
  expect(socketPath("/home/me/portcullis/.data/mysql")).toBe("/home/me/portcullis/.data/mysql/mysqld.sock");
});

test("socketPath: fits into the kernel's limit and differs between data directories", () => {
  const long = `/home/${"é".repeat(50)}/portcullis/.data`;
  const paths = [
    socketPath(`${long}/one`),
    socketPath(`${long}/two`),
    socketPath(`${long}/one`, `/tmp/${"x".repeat(90)}`),
  ];
  for (const path of paths) expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
  expect(paths[0]).not.toBe(paths[1]);
});

test.each(["my app", "it's", 'say "x"', "a#b", "100%", "über", "$HOME", "a;b", "(x)"])(
  "pathWithoutSpecialCharacters: a folder named %j gets a path that is safe in a shell script",
  (name) => {
    const folder = mkdtempSync(join(tmpdir(), `portcullis-${name}-`));
    const plain = pathWithoutSpecialCharacters(folder);
    expect(plain).toMatch(/^[\w./+-]+$/);
    expect(realpathSync(plain)).toBe(realpathSync(folder));
    // Again: an existing link is replaced.
    expect(pathWithoutSpecialCharacters(folder)).toBe(plain);
  },
);

test("pathWithoutSpecialCharacters: returns a plain path unchanged", () => {
  expect(pathWithoutSpecialCharacters("/home/me/portcullis/.data/mysql")).toBe("/home/me/portcullis/.data/mysql");
});
