import { expect, test } from "vitest";
import { describeRelativeTime } from "./date-time";

const NOW = Date.UTC(2026, 10, 21, 12);

test.each([
  [0, "just now"],
  [-59, "just now"],
  [-60, "1 minute ago"],
  [-119, "1 minute ago"],
  [-7_200, "2 hours ago"],
  [-86_400, "yesterday"],
  [-30 * 86_400, "30 days ago"],
  [20, "in less than a minute"],
  [540, "in 9 minutes"],
])('relative time: %i seconds from now is shown as "%s"', (seconds, words) => {
  expect(describeRelativeTime(NOW + seconds * 1000, NOW)).toBe(words);
});
