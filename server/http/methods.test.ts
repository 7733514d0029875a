import { expect, test } from "vitest";
import { allowedMethods } from "./methods";

test.each(["private", "guest", "root", "health", "static", "open"] as const)("%s addresses are only read", (route) => {
  expect(allowedMethods(route, true)).toEqual(["GET", "HEAD"]);
});

test("calls are read and posted", () => {
  expect(allowedMethods("call", false)).toEqual(["GET", "POST"]);
});

test("calls answer a preflight only where other origins are listed", () => {
  expect(allowedMethods("call", true)).toEqual(["GET", "POST", "OPTIONS"]);
});
