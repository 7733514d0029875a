import { expect, test } from "vitest";
import { findMirror } from "./debian-unstable.mjs";

test.each([
  [
    "reads the one-line format",
    "deb [signed-by=/k.gpg] https://mirror.test/debian/ bookworm main",
    "https://mirror.test/debian",
  ],
  [
    "reads the deb822 format",
    "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm",
    "http://mirror.test/debian",
  ],
  ["ignores comments", "# deb http://mirror.test/debian bookworm main", "http://deb.debian.org/debian"],
  [
    "ignores other archives",
    "URIs: http://mirror.test/debian-security\ndeb http://other.test/apt x main",
    "http://deb.debian.org/debian",
  ],
  ["defaults to deb.debian.org", "", "http://deb.debian.org/debian"],
])("findMirror: %s", (_, sources, mirror) => {
  expect(findMirror(sources)).toBe(mirror);
});
