import { writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Loaded into the app that is under the fuzzer, and into no other: at a signal it collects its garbage and says what is left.
const file = process.env.FUZZ_MEMORY_FILE;
if (file !== undefined) {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  process.on("SIGUSR2", async () => {
    // What only a finalizer frees is free after the second time.
    for (let round = 0; round < 2; round++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    writeFileSync(file, JSON.stringify({ rss, heapUsed: heapUsed + external, at: Date.now() }));
  });
}
