import { expect, test } from "vitest";
import { requestIdFrom } from "./request-id";

test.each(["abcd1234", "0192f3a4-6c1e-7000-8000-000000000000", "A_b-".repeat(16)])(
  "requestIdFrom: keeps the valid id %s",
  (id) => {
    expect(requestIdFrom(id)).toBe(id);
  },
);

test.each([
  ["a missing id", undefined],
  ["an empty id", ""],
  ["a short id", "abc1234"],
  ["a long id", "a".repeat(65)],
  ["a line break", "abcd1234\nlevel=error"],
  ["a trailing line break", "abcd1234\n"],
  ["markup", "<b>abcd1234</b>"],
  ["two ids", "abcd1234, efgh5678"],
  ["a space", "abcd 1234"],
])("requestIdFrom: replaces %s by a new id", (_name, inbound) => {
  expect(requestIdFrom(inbound)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("requestIdFrom: generated ids are unique", () => {
  expect(requestIdFrom(undefined)).not.toBe(requestIdFrom(undefined));
});
