import { expect, test } from "vitest";
import { isRouterState } from "./router-state";

const sent = (state: unknown) => encodeURIComponent(JSON.stringify(state));
const PAGE = ["__PAGE__", {}, null, null];

test.each([
  ["the root alone", ["", {}]],
  [
    "what the router sends from a page",
    ["", { children: ["(member)", { children: ["dashboard", { children: PAGE }] }] }, null, null, 16],
  ],
  [
    "a page to be fetched again",
    ["", { children: ["dashboard", { children: ["__PAGE__", {}, ["/dashboard", ""], "refetch"] }] }],
  ],
  ["a dynamic segment", ["", { children: [["id", "7", "d", null], { children: PAGE }] }]],
])("%s is passed on", (_, state) => {
  expect(isRouterState(sent(state))).toBe(true);
});

test.each([
  ["nothing", ""],
  ["half an encoding", "%5B%2"],
  ["no UTF-8", "%ff"],
  ["half of it", "%5B%22"],
  ["something else", sent({})],
  ["null", sent(null)],
  ["no children", sent([""])],
  ["a number for a segment", sent([1, {}])],
  ["an unknown kind of segment", sent([["id", "7", "x", null], {}])],
  ["an unknown mark", sent(["", {}, null, "steal"])],
  ["more than belongs there", sent(["", {}, null, null, 1, "", 7])],
  ["a child that is none", sent(["", { children: "x" }])],
  ["too much", sent(["a".repeat(40_000), {}])],
])("%s is not", (_, header) => {
  expect(isRouterState(header)).toBe(false);
});

test("nor is a header that was sent twice, or not at all", () => {
  expect(isRouterState([sent(["", {}])])).toBe(false);
  expect(isRouterState(undefined)).toBe(false);
});

test("a nest deeper than any page is judged, not stumbled over", () => {
  const deep = '["",{"a":'.repeat(3000) + '["",{}]' + "}]".repeat(3000);
  expect(() => isRouterState(deep)).not.toThrow();
});
