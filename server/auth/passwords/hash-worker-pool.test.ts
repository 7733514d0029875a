import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, getPriority, tmpdir } from "node:os";
import { expect, test } from "vitest";
import { HashWorkerPool, hashWorkerPool } from "./hash-worker-pool";

const CHEAP = { algorithm: 2, memoryCost: 64, timeCost: 1, parallelism: 1 };

test("a password matches its own hash and no other", async () => {
  const pool = new HashWorkerPool();
  const stored = await pool.hash("velvet otters", CHEAP);
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
  expect(await pool.verify(stored, "velvet otters")).toBe(true);
  expect(await pool.verify(stored, "velvet badgers")).toBe(false);
});

test("a failed job rejects, and the worker runs the next one", async () => {
  const pool = new HashWorkerPool();
  await expect(pool.hash("velvet otters", { ...CHEAP, memoryCost: 1 })).rejects.toThrow();
  await expect(pool.verify("$argon2id$broken", "velvet otters")).rejects.toThrow();
  expect(await pool.hash("velvet otters", CHEAP)).toMatch(/^\$argon2id\$/);
});

test("a job whose worker cannot start rejects, and the next job starts another worker", async () => {
  const pool = new HashWorkerPool();
  const folder = process.cwd();
  try {
    process.chdir(tmpdir());
    await expect(pool.hash("velvet otters", CHEAP)).rejects.toThrow("Cannot find module");
  } finally {
    process.chdir(folder);
  }
  expect(await pool.hash("velvet otters", CHEAP)).toMatch(/^\$argon2id\$/);
});

test("concurrent jobs get their own results", async () => {
  const pool = new HashWorkerPool();
  const stored = await Promise.all(["a", "b", "c"].map((password) => pool.hash(password, CHEAP)));
  const matches = stored.flatMap((hash) => ["a", "b", "c"].map((password) => pool.verify(hash, password)));
  expect(await Promise.all(matches)).toEqual([true, false, false, false, true, false, false, false, true]);
});

test.runIf(process.platform === "linux")("workers run at low priority, and the event loop does not", async () => {
  const ownPriority = getPriority();
  const low = Math.max(ownPriority, availableParallelism() > 1 ? 19 : 10);
  const before = nicenessOfThreads();
  const pool = new HashWorkerPool();
  await Promise.all([pool.hash("a", CHEAP), pool.hash("b", CHEAP)]);
  const started = nicenessOfThreads().filter((niceness) => niceness === low).length;
  expect(started - before.filter((niceness) => niceness === low).length).toBe(2);
  expect(getPriority()).toBe(ownPriority);
});

test("there is one worker pool per process", () => {
  expect(hashWorkerPool()).toBe(hashWorkerPool());
});

/** proc(5): the 19th field of /proc/pid/task/tid/stat; the second one is a name in parentheses. */
function nicenessOfThreads(): number[] {
  return readdirSync("/proc/self/task").map((id) => {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}
