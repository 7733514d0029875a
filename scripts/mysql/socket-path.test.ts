import { expect, test } from "vitest";
import { socketPath } from "./socket-path.mjs";

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
