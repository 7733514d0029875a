import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second for whoever reads it here (`USER_HZ`, proc(5)). */
const TICK_MICROSECONDS = 10_000;

/** Processor time that a process of this machine has used so far, all its threads together. Null where that is not told. */
export function cpuMicrosecondsOf(pid: number): number | null {
  if (process.platform !== "linux" || pid === 0) return null;
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is a name in parentheses, which may hold anything; the 14th and 15th are what counts.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}
