import { expect, test } from "vitest";
import { findMirror } from "./debian-unstable.mjs";

test.each([
  ["the old format", "deb [signed-by=/k.gpg] https://mirror.test/debian/ bookworm main", "https://mirror.test/debian"],
  ["the new format", "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm", "http://mirror.test/debian"],
  ["what is commented out", "# deb http://mirror.test/debian bookworm main", "http://deb.debian.org/debian"],
  [
    "other archives",
    "URIs: http://mirror.test/debian-security\ndeb http://other.test/apt x main",
    "http://deb.debian.org/debian",
  ],
  ["nothing", "", "http://deb.debian.org/debian"],
])("the mirror of %s", (_, sources, mirror) => {
  expect(findMirror(sources)).toBe(mirror);
});
