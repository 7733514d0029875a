import { renameSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Loaded only into the fuzzed app: on SIGUSR2 it collects garbage and writes its memory usage to a file.
const file = process.env.FUZZ_MEMORY_FILE;
if (file !== undefined) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  process.on("SIGUSR2", async () => {
    // Memory that a finalizer releases is freed in the second round.
    for (let round = 0; round < 2; round++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    // Renamed into place, so that the fuzzer never reads an incomplete sample.
    writeFileSync(`${file}.part`, JSON.stringify({ rss, heapUsed: heapUsed + external, at: Date.now() }));
    renameSync(`${file}.part`, file);
  });
}
