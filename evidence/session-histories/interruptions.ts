import { AsyncLocalStorage } from "node:async_hooks";
import type { Kysely, KyselyPlugin } from "kysely";
import type { Database } from "@/db/schema";

/** Where the work on an operation ends because its process dies: before the statement is sent, or when it has been carried out. */
export interface Crash {
  statement: number;
  when: "before" | "after";
}

interface RunningOperation {
  crash: Crash | null;
  statements: number;
  hasCrashed: boolean;
  /** What is still sent after the answer, in the background, holds nobody up. */
  isOver: boolean;
  /** Holds the work up after each statement, until it is its turn again. */
  pause: () => Promise<void>;
  /** Told of each statement before it is sent. */
  onStatement: () => void;
}

export class CrashError extends Error {}

const current = new AsyncLocalStorage<RunningOperation>();

/** Runs the work on one operation so that it can be held up, and cut short, at each of its statements. */
export async function runInterruptible<Result>(
  how: Pick<RunningOperation, "crash" | "pause" | "onStatement">,
  run: () => Promise<Result>,
): Promise<{ kind: "returned"; result: Result } | { kind: "threw"; error: unknown } | { kind: "crashed" }> {
  const work: RunningOperation = { ...how, statements: 0, hasCrashed: false, isOver: false };
  return current.run(work, async () => {
    try {
      const result = await run();
      return work.hasCrashed ? { kind: "crashed" as const } : { kind: "returned" as const, result };
    } catch (error) {
      return work.hasCrashed ? { kind: "crashed" as const } : { kind: "threw" as const, error };
    } finally {
      work.isOver = true;
    }
  });
}

/** The database as `interruptible` work sees it. */
export function withInterruptions(db: Kysely<Database>): Kysely<Database> {
  return db.withPlugin(interruptions);
}

const interruptions: KyselyPlugin = {
  transformQuery({ node }) {
    const work = current.getStore();
    if (work) {
      work.statements += 1;
      work.onStatement();
      crashIfReached(work, "before");
    }
    return node;
  },

  async transformResult({ result }) {
    const work = current.getStore();
    if (work) {
      crashIfReached(work, "after");
      if (!work.isOver) await work.pause();
    }
    return result;
  },
};

/** The dead send nothing any more, whatever they catch. */
function crashIfReached(work: RunningOperation, when: Crash["when"]): void {
  const { crash, statements } = work;
  if (crash !== null && statements === crash.statement && when === crash.when) work.hasCrashed = true;
  if (work.hasCrashed) throw new CrashError("The process died.");
}
