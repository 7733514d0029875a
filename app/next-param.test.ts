import { expect, test } from "vitest";
import { readNextParam } from "./next-param";

const read = (next: string | string[] | undefined) => readNextParam(Promise.resolve({ next }));

test.each(["/", "/dashboard/sessions", "/dashboard?about=/maintenance"])("next: accepts %s", async (next) => {
  expect(await read(next)).toBe(next);
});

test.each([
  "/maintenance",
  "/maintenance?status=503&next=%2Fmaintenance",
  "/maintenance/",
  "/maintenance#here",
  "/x/../maintenance",
])("next: replaces %s with the dashboard, because the maintenance page must not return to itself", async (next) => {
  expect(await read(next)).toBe("/dashboard");
});

test.each([undefined, "", "//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"])(
  "next: replaces %s with the dashboard",
  async (next) => {
    expect(await read(next)).toBe("/dashboard");
  },
);

test("next: replaces a parameter that is given twice with the dashboard", async () => {
  expect(await read(["/dashboard/account", "/dashboard/sessions"])).toBe("/dashboard");
});
