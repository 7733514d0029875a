import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, getPriority } from "node:os";
import { expect, test } from "vitest";
import { HashWorkerPool, hashWorkerPool } from "./hash-worker-pool";

const CHEAP = { algorithm: 2, memoryCost: 64, timeCost: 1, parallelism: 1 };

test("a password matches the hash that was made of it, and no other does", async () => {
  const threads = new HashWorkerPool();
  const stored = await threads.hash("velvet otters", CHEAP);
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
  expect(await threads.verify(stored, "velvet otters")).toBe(true);
  expect(await threads.verify(stored, "velvet badgers")).toBe(false);
});

test("what cannot be hashed is an error of its own, and the next one is served", async () => {
  const threads = new HashWorkerPool();
  await expect(threads.hash("velvet otters", { ...CHEAP, memoryCost: 1 })).rejects.toThrow();
  await expect(threads.verify("$argon2id$broken", "velvet otters")).rejects.toThrow();
  expect(await threads.hash("velvet otters", CHEAP)).toMatch(/^\$argon2id\$/);
});

test("many at once are answered each with its own", async () => {
  const threads = new HashWorkerPool();
  const stored = await Promise.all(["a", "b", "c"].map((password) => threads.hash(password, CHEAP)));
  const matches = stored.flatMap((hash) => ["a", "b", "c"].map((password) => threads.verify(hash, password)));
  expect(await Promise.all(matches)).toEqual([true, false, false, false, true, false, false, false, true]);
});

test.runIf(process.platform === "linux")("threads step aside for others, and the event loop does not", async () => {
  const aside = availableParallelism() > 1 ? 19 : 10;
  const before = nicenessOfThreads();
  const threads = new HashWorkerPool();
  await Promise.all([threads.hash("a", CHEAP), threads.hash("b", CHEAP)]);
  const started = nicenessOfThreads().filter((niceness) => niceness === aside).length;
  expect(started - before.filter((niceness) => niceness === aside).length).toBe(2);
  expect(getPriority()).toBe(0);
});

test("there is one set of threads for the whole process", () => {
  expect(hashWorkerPool()).toBe(hashWorkerPool());
});

/** proc(5): the 19th field of /proc/pid/task/tid/stat; the second one is a name in parentheses. */
function nicenessOfThreads(): number[] {
  return readdirSync("/proc/self/task").map((id) => {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}
