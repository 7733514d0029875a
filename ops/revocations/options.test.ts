import { expect, test } from "vitest";
import { readOptions } from "./options";

const NOW = new Date("2026-11-30T12:00:00Z");
const read = (...args: string[]) => readOptions(args, NOW);

test("revocations options: a log is replayed, from an instant on or as a whole", () => {
  expect(read("replay", "app.log")).toEqual({ command: "replay", file: "app.log", since: null });
  expect(read("replay", "-", "--since", "2026-11-30T11:00:00+02:00")).toEqual({
    command: "replay",
    file: "-",
    since: new Date("2026-11-30T09:00:00Z"),
  });
});

test("revocations options: sessions opened before an instant are ended", () => {
  expect(read("end-before", "2026-11-30T11:00:00Z")).toEqual({
    command: "end-before",
    openedBefore: new Date("2026-11-30T11:00:00Z"),
  });
});

test("revocations options: without a command, and on request, the usage is shown", () => {
  expect([read(), read("--help")]).toEqual([{ command: "help" }, { command: "help" }]);
});

test.each([
  [["replay"], "is not used like that"],
  [["end-before"], "is not used like that"],
  [["replay", "a", "b"], "is not used like that"],
  [["restore", "a"], "is not used like that"],
  [["replay", "a", "--until", "x"], "--until"],
  [["end-before", "2026-11-30T11:00:00Z", "--since", "2026-11-30T11:00:00Z"], "--since belongs to replay"],
  [["end-before", "yesterday"], "is not an instant with its zone"],
  [["end-before", "2026-11-30"], "is not an instant with its zone"],
  [["end-before", "2026-11-30T11:00:00"], "is not an instant with its zone"],
  [["end-before", "2026-13-30T11:00:00Z"], "is not an instant with its zone"],
  [["end-before", "2026-11-30T12:00:01Z"], "is in the future"],
])("revocations options: %j is refused", (args, message) => {
  expect(() => read(...args)).toThrow(message);
});
