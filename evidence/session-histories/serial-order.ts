import { isDeepStrictEqual } from "node:util";
import type { Model } from "./model";
import type { Operation, Outcome } from "./operations";
import { judge } from "./refresh-rules";
import { STEPS } from "./rules";
import type { Notes, Step } from "./steps";

/** One operation as it was seen from outside. */
export interface Call {
  operation: Operation;
  /** Null if nobody knows: the answer never came. Then any part of the work may have been done, in order, or none. */
  outcome: Outcome | null;
  /** Places in the one order of all beginnings and answers. Without an answer it may take effect whenever later. */
  begunAt: number;
  /** When its last statement was sent: a refresh that writes takes effect after this, and not when it looked. */
  lastSentAt: number;
  answeredAt: number;
}

/** How far each call has come: `null` when it is over. */
type Progress = ({ next: number; notes: Notes } | null)[];

/**
 * All models in which a history can have left the world: orders of indivisible steps that respect who answered before whom
 * began, in which every answer is the one that the model gives (Wing and Gong, 1993, with steps in place of whole operations).
 * `fits` says what the world looks like now, and may give names to what no answer named. Nothing is returned if no order explains it.
 */
export function serialOrders(start: Model, calls: Call[], fits: (model: Model) => Model | null): Model[] {
  const found = new Map<string, Model>();
  const seen = new Set<string>();

  const search = (model: Model, progress: Progress): void => {
    const key = JSON.stringify([model, progress]);
    if (seen.has(key)) return;
    seen.add(key);

    if (calls.every(({ outcome }, index) => outcome === null || progress[index] === null)) {
      const fitting = fits(model);
      if (fitting !== null) found.set(JSON.stringify(fitting), fitting);
    }
    calls.forEach((call, index) => {
      const own = progress[index];
      if (own == null) return;
      const steps = STEPS[call.operation.kind] as Step[];
      const notBefore = steps[own.next] === judge && writes(call) ? call.lastSentAt : call.begunAt;
      // Whoever had the answer by then must be through with everything.
      if (calls.some(({ answeredAt }, other) => progress[other] !== null && answeredAt < notBefore)) return;
      for (const turn of steps[own.next]!(model, call.operation, own.notes)) {
        const isLast = own.next === steps.length - 1;
        const outcome = turn.outcome ?? (isLast ? turn.notes.outcome : undefined);
        if (outcome === undefined) {
          search(turn.model, progress.with(index, { next: own.next + 1, notes: turn.notes }));
        } else {
          const after = call.outcome === null ? turn.model : agreeing(turn.model, outcome, call.outcome);
          if (after !== null) search(after, progress.with(index, null));
        }
      }
    });
  };

  search(
    start,
    calls.map((call, index) => ({ next: 0, notes: namesFor(call, index, start) })),
  );
  return [...found.values()];
}

function writes({ outcome }: Call): boolean {
  return outcome?.kind === "refreshed" && outcome.verdict !== "fresh";
}

/** What nobody has seen has a name that begins with a question mark, until somebody sees it. */
function namesFor({ outcome }: Call, index: number, { made, sessions }: Model): Notes {
  const unseen = `?${made.length + Object.keys(sessions).length}.${index}`;
  const token = outcome !== null && "token" in outcome ? outcome.token : null;
  return {
    newToken: token === null || made.includes(token) ? unseen : token,
    newSession: outcome?.kind === "signed in" ? outcome.session : `${unseen} session`,
  };
}

function agreeing(model: Model, expected: Outcome, actual: Outcome): Model | null {
  if (isDeepStrictEqual(expected, actual)) return model;
  if (!("token" in expected && "token" in actual)) return null;
  const named = rename(model, expected.token, actual.token);
  return named !== null && isDeepStrictEqual({ ...expected, token: actual.token }, actual) ? named : null;
}

/** The model with a name in the place of an unseen one, or null if that cannot be what was meant. */
export function rename(model: Model, unseen: string | null, name: string | null): Model | null {
  if (unseen === null || name === null || !unseen.startsWith("?") || model.made.includes(name)) return null;
  return JSON.parse(JSON.stringify(model).replaceAll(JSON.stringify(unseen), JSON.stringify(name))) as Model;
}
