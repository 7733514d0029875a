import { expect, test } from "vitest";
import { readOptions } from "./options";

test.each([
  [[], "status"],
  [["rotate"], "rotate"],
  [["rotate", "--compromised"], "replace-compromised"],
  [["--compromised", "rotate"], "replace-compromised"],
  [["--help"], "help"],
  [["rotate", "--help"], "help"],
])("keys options: %j is the command %s", (args, command) => {
  expect(readOptions(args)).toEqual({ command });
});

test.each([[["--compromised"]], [["rotate", "now"]], [["status"]], [["revoke"]], [["rotate", "--force"]]])(
  "keys options: %j is refused with the usage, and changes nothing",
  (args) => {
    expect(() => readOptions(args)).toThrow("npm run keys -- rotate");
  },
);
