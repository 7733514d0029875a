import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pathWithoutSpecialCharacters, socketPath } from "./socket-path.mjs";

test("the socket lies beside the data", () => {
  expect(socketPath("/home/me/portcullis/.data/mysql")).toBe("/home/me/portcullis/.data/mysql/mysqld.sock");
});

test("every path fits into the kernel's limit, and differs for different data", () => {
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
  "a folder called %j has a path that a shell script does not take apart",
  (name) => {
    const folder = mkdtempSync(join(tmpdir(), `portcullis-${name}-`));
    const plain = pathWithoutSpecialCharacters(folder);
    expect(plain).toMatch(/^[\w./+-]+$/);
    expect(realpathSync(plain)).toBe(realpathSync(folder));
    // Once more: a link that is there already is no obstacle.
    expect(pathWithoutSpecialCharacters(folder)).toBe(plain);
  },
);

test("a path without such characters is used as it is", () => {
  expect(pathWithoutSpecialCharacters("/home/me/portcullis/.data/mysql")).toBe("/home/me/portcullis/.data/mysql");
});
