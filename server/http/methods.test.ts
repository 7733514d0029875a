import { expect, test } from "vitest";
import { allowedMethods } from "./methods";

test.each(["private", "guest", "root", "health", "static", "keys", "open"] as const)(
  "allowedMethods: %s routes allow GET and HEAD only",
  (route) => {
    expect(allowedMethods(route, true)).toEqual(["GET", "HEAD"]);
  },
);

test("allowedMethods: calls allow GET and POST", () => {
  expect(allowedMethods("call", false)).toEqual(["GET", "POST"]);
});

test("allowedMethods: calls allow OPTIONS only if other origins are allowed", () => {
  expect(allowedMethods("call", true)).toEqual(["GET", "POST", "OPTIONS"]);
});
