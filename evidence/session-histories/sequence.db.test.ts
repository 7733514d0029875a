import "@/server/runtime/testing-env";
import fc from "fast-check";
import { test } from "vitest";
import { checkPostconditions } from "./postconditions";
import { runCommand } from "./history";
import type { Command } from "./commands";
import {
  refreshLoops,
  anyOperation,
  waitUntilDue,
  completeCommand,
  record,
  rotateNewest,
  waitCommands,
  commandPart,
} from "./command-generators";
import { assertForAll, TIMEOUT } from "./property-runs";
import { SECONDS } from "./model";
import { useTwoInstances } from "./two-instances";

const start = useTwoInstances();

/** Refreshes with the previous token at the end of each window, up to the cap of ten windows and beyond. */
const refreshInsideWindow = completeCommand(
  commandPart(
    "refresh repeatedly",
    record({
      token: fc.constant({ sessionIndex: 0, nth: 1 }),
      every: fc.constant(SECONDS.grace),
      times: fc.integer({ min: 9, max: 12 }),
    }),
  ),
  false,
);

/** Sequences of all commands, including waits and crashes. */
const sequences: fc.Arbitrary<Command[]> = fc
  .tuple(
    fc.oneof(
      fc.constant([]),
      fc.tuple(waitUntilDue, rotateNewest),
      fc.tuple(waitUntilDue, rotateNewest, refreshInsideWindow),
    ),
    fc.array(
      completeCommand(
        fc.oneof(
          { weight: 20, arbitrary: anyOperation },
          { weight: 8, arbitrary: waitCommands },
          { weight: 1, arbitrary: refreshLoops },
        ),
        true,
      ),
      { minLength: 1, maxLength: 16, size: "max" },
    ),
  )
  .map((parts) => parts.flat());

test(
  "session histories: the outcomes and rows of any sequence of operations equal those of the model",
  { timeout: TIMEOUT },
  () => assertForAll(sequences, conformsToModel, { count: 100, seconds: 6 }),
);

async function conformsToModel(commands: Command[]): Promise<void> {
  const history = await start();
  for (const command of commands) await runCommand(history, command);
  await checkPostconditions(history);
}
