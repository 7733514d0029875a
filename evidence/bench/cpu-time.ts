import { readFileSync } from "node:fs";

/** /proc reports CPU time in units of 1/100 s (USER_HZ, proc(5)). */
const TICK_MICROSECONDS = 10_000;

/** CPU time of a process so far, all threads. Null if it is not available. */
export function cpuMicrosecondsOf(pid: number): number | null {
  if (process.platform !== "linux" || pid === 0) return null;
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is a name in parentheses; fields 14 and 15 are utime and stime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}
