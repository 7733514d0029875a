import { expect, test } from "vitest";
import { isRouterState } from "./router-state";

const sent = (state: unknown) => encodeURIComponent(JSON.stringify(state));
const PAGE = ["__PAGE__", {}, null, null];

test.each([
  ["the root alone", ["", {}]],
  [
    "the state of a page",
    ["", { children: ["(member)", { children: ["dashboard", { children: PAGE }] }] }, null, null, 16],
  ],
  [
    "a page marked for refetch",
    ["", { children: ["dashboard", { children: ["__PAGE__", {}, ["/dashboard", ""], "refetch"] }] }],
  ],
  ["a dynamic segment", ["", { children: [["id", "7", "d", null], { children: PAGE }] }]],
])("isRouterState: accepts %s", (_, state) => {
  expect(isRouterState(sent(state))).toBe(true);
});

test.each([
  ["an empty header", ""],
  ["an incomplete percent-encoding", "%5B%2"],
  ["bytes that are not UTF-8", "%ff"],
  ["truncated JSON", "%5B%22"],
  ["an object", sent({})],
  ["null", sent(null)],
  ["a state without children", sent([""])],
  ["a number for a segment", sent([1, {}])],
  ["an unknown kind of segment", sent([["id", "7", "x", null], {}])],
  ["an unknown marker", sent(["", {}, null, "steal"])],
  ["additional elements", sent(["", {}, null, null, 1, "", 7])],
  ["a child that is not a state", sent(["", { children: "x" }])],
  ["a header above the maximum length", sent(["a".repeat(40_000), {}])],
])("isRouterState: rejects %s", (_, header) => {
  expect(isRouterState(header)).toBe(false);
});

test("isRouterState: rejects a duplicate or missing header", () => {
  expect(isRouterState([sent(["", {}])])).toBe(false);
  expect(isRouterState(undefined)).toBe(false);
});

test("isRouterState: does not throw for deeply nested input", () => {
  const deep = '["",{"a":'.repeat(3000) + '["",{}]' + "}]".repeat(3000);
  expect(() => isRouterState(deep)).not.toThrow();
});
