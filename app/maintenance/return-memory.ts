import { readTabMemory, writeTabMemory } from "@/app/auth/tab-memory";
import { countRelapses, type Returns } from "./pace";

const KEY = "returns";

export function relapses(now: number): number {
  return countRelapses(recall(), now);
}

export function rememberReturn(now: number): void {
  const returns: Returns = { count: relapses(now) + 1, lastAt: now };
  writeTabMemory(KEY, JSON.stringify(returns));
}

function recall(): Returns | null {
  const [count, lastAt] = (readTabMemory(KEY)?.match(/\d+/g) ?? []).map(Number);
  return count === undefined || lastAt === undefined ? null : { count, lastAt };
}
