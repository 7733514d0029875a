import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTATIONS } from "./removed-rules";

test.each(MUTATIONS)("fuzzer: the code of the rule '$rule' is where its mutation expects it", ({ file, from }) => {
  expect(readFileSync(file, "utf8").split(from)).toHaveLength(2);
});
