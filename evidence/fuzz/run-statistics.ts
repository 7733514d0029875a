import type { Exchange } from "./exchange";

export const SLOW_MILLISECONDS = 1000;
const SLOWEST_KEPT = 5;

/** Counts of requests and responses. */
export class RunStatistics {
  requests = 0;
  slow = 0;
  /** How often the state of the user was restored because a request had changed it. */
  restoredSessions = 0;
  readonly kinds = new Map<string, number>();
  readonly statuses = new Map<string, number>();
  slowest: { milliseconds: number; what: string }[] = [];

  record({ request, rendered, outcome, response }: Exchange): void {
    this.requests += 1;
    increment(this.kinds, request.kind);
    increment(this.statuses, response === null ? "closed" : String(response.status));
    const milliseconds = outcome.milliseconds ?? Number.POSITIVE_INFINITY;
    if (milliseconds > SLOW_MILLISECONDS) this.slow += 1;
    if (milliseconds <= (this.slowest.at(-1)?.milliseconds ?? 0) && this.slowest.length === SLOWEST_KEPT) return;
    const what = `${rendered.method} ${rendered.target.slice(0, 60)}`;
    this.slowest = [...this.slowest, { milliseconds, what }]
      .sort((one, other) => other.milliseconds - one.milliseconds)
      .slice(0, SLOWEST_KEPT);
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
