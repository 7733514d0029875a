import { expect, test } from "vitest";
import { judgeNodeRelease } from "./node-release.mjs";

const now = new Date("2026-11-21T12:00:00Z");

test.each(["18.20.8", "16.0.0", "20.0.0", "20.18.3"])(
  "Node %s is refused with a message that names the recommended release",
  (version) => {
    const verdict = judgeNodeRelease(version, now);
    expect(verdict.kind).toBe("refused");
    expect(verdict.message).toContain(version);
    expect(verdict.message).toContain("Node 24");
  },
);

test.each(["22.0.0", "24.1.0", "26.0.0"])("Node %s is supported", (version) => {
  expect(judgeNodeRelease(version, now).kind).toBe("supported");
});

test("a release line past its end of life runs with a warning that names the date", () => {
  expect(judgeNodeRelease("20.19.0", new Date("2026-04-30T12:00:00Z")).kind).toBe("supported");
  expect(judgeNodeRelease("20.19.0", new Date("2026-05-01T00:00:00Z"))).toMatchObject({
    kind: "ended",
    message: expect.stringContaining("2026-04-30"),
  });
});
