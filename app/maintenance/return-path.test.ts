import { expect, test } from "vitest";
import { returnPath } from "./return-path";

test.each(["/", "/dashboard/sessions", "/dashboard?about=/maintenance"])("returns to %s", (next) => {
  expect(returnPath(next)).toBe(next);
});

test.each([
  "/maintenance",
  "/maintenance?status=503&next=%2Fmaintenance",
  "/maintenance/",
  "/maintenance#here",
  "/x/../maintenance",
])("does not return to itself by %s", (next) => {
  expect(returnPath(next)).toBe("/dashboard");
});

test.each([undefined, "", "//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"])(
  "returns to the dashboard instead of %s",
  (next) => {
    expect(returnPath(next)).toBe("/dashboard");
  },
);

test("of two wishes neither is honest", () => {
  expect(returnPath(["/dashboard/account", "/dashboard/sessions"])).toBe("/dashboard");
});
