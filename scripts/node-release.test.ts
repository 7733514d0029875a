import { expect, test } from "vitest";
import { judgeNodeRelease } from "./node-release.mjs";

const now = new Date("2026-11-21T12:00:00Z");

test.each(["18.20.8", "16.0.0", "20.0.0", "20.18.3"])("Node %s is refused, and the newest is named", (version) => {
  const verdict = judgeNodeRelease(version, now);
  expect(verdict.kind).toBe("refused");
  expect(verdict.message).toContain(version);
  expect(verdict.message).toContain("Node 24");
});

test.each(["22.0.0", "24.1.0", "26.0.0"])("Node %s is good", (version) => {
  expect(judgeNodeRelease(version, now).kind).toBe("supported");
});

test("a release line past its end runs, and says since when it gets no fixes", () => {
  expect(judgeNodeRelease("20.19.0", new Date("2026-04-30T12:00:00Z")).kind).toBe("supported");
  expect(judgeNodeRelease("20.19.0", new Date("2026-05-01T00:00:00Z"))).toMatchObject({
    kind: "ended",
    message: expect.stringContaining("2026-04-30"),
  });
});
