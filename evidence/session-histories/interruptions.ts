import { AsyncLocalStorage } from "node:async_hooks";
import type { Kysely, KyselyPlugin } from "kysely";
import type { Database } from "@/db/schema";

/** Where an operation crashes: before the statement is sent, or after it was executed. */
export interface Crash {
  statement: number;
  when: "before" | "after";
}

interface RunningOperation {
  crash: Crash | null;
  statements: number;
  hasCrashed: boolean;
  /** Background statements after the operation has returned do not pause. */
  isOver: boolean;
  /** Waits after each statement until the scheduler resumes the operation. */
  pause: () => Promise<void>;
  /** Called before each statement is sent. */
  onStatement: () => void;
}

export class CrashError extends Error {}

const current = new AsyncLocalStorage<RunningOperation>();

/** Runs one operation so that it can pause or crash at each of its statements. */
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

/** A database whose statements pause and crash as `runInterruptible` says. */
export function withInterruptions(db: Kysely<Database>): Kysely<Database> {
  return db.withPlugin(interruptions);
}

/** A crash loses the memory of the process: code that catches the error of a crashed operation adds nothing to this map. */
export function withoutCrashedWrites<Key, Value>(map: Map<Key, Value>): void {
  const set = map.set.bind(map);
  map.set = (key, value) => (current.getStore()?.hasCrashed ? map : set(key, value));
}

/** Like `withoutCrashedWrites`, for one property of an object. */
export function withoutCrashedAssignments<Name extends string>(object: Record<Name, unknown>, name: Name): void {
  let value = object[name];
  Object.defineProperty(object, name, {
    get: () => value,
    set: (next: unknown) => (value = current.getStore()?.hasCrashed ? value : next),
  });
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

/** A crashed operation sends no further statement, even if it catches the error. */
function crashIfReached(work: RunningOperation, when: Crash["when"]): void {
  const { crash, statements } = work;
  if (crash !== null && statements === crash.statement && when === crash.when) work.hasCrashed = true;
  if (work.hasCrashed) throw new CrashError("The process crashed.");
}
