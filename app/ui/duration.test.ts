import { expect, test } from "vitest";
import { formatDuration } from "./duration";

test.each([
  [604_800, "7 days"],
  [86_400, "1 day"],
  [5_400, "90 minutes"],
  [600, "10 minutes"],
  [61, "61 seconds"],
  [1, "1 second"],
  [0, "0 seconds"],
])('duration: %i seconds are shown as "%s"', (seconds, words) => {
  expect(formatDuration(seconds)).toBe(words);
});
