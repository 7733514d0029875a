import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export function isAlive(pid: number): boolean {
  try {
    // A zombie has exited but still has an entry in /proc.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    try {
      return process.platform !== "linux" && process.kill(pid, 0);
    } catch {
      return false;
    }
  }
}

/** The number of open file descriptors; null if this system does not tell. */
export function countDescriptors(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}

/** The command that starts another one with this limit of file descriptors; empty where there is none. */
export function limitDescriptors(count: number): string[] {
  return canLimitDescriptors() ? ["prlimit", `--nofile=${count}:${count}`] : [];
}

export function canLimitDescriptors(): boolean {
  return spawnSync("prlimit", ["--version"], { stdio: "ignore" }).status === 0;
}
