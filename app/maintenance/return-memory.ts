import { countRelapses, type Returns } from "./pace";

const KEY = "portcullis-returns";

export function relapses(now: number): number {
  return countRelapses(recall(), now);
}

export function rememberReturn(now: number): void {
  const returns: Returns = { count: relapses(now) + 1, lastAt: now };
  sessionStorage.setItem(KEY, JSON.stringify(returns));
}

function recall(): Returns | null {
  const [count, lastAt] = (sessionStorage.getItem(KEY)?.match(/\d+/g) ?? []).map(Number);
  return count === undefined || lastAt === undefined ? null : { count, lastAt };
}
