import { isDeepStrictEqual } from "node:util";
import type { Model } from "./model";
import type { Operation, Outcome } from "./operations";
import { judge } from "./refresh-rules";
import { STEPS } from "./rules";
import type { LocalState, Step } from "./steps";

/** One operation as it was seen from outside. */
export interface Call {
  operation: Operation;
  /** Null if nobody knows: the answer never came. Then any part of the work may have been done, in order, or none. */
  outcome: Outcome | null;
  /** Places in the one order of all beginnings and answers. Without an answer it may take effect whenever later. */
  startedAt: number;
  /** When its last statement was sent: a refresh that writes takes effect after this, and not when it looked. */
  lastSentAt: number;
  endedAt: number;
}

/** How far each call has come: `null` when it is over. */
type Progress = ({ next: number; local: LocalState } | null)[];

/**
 * All models in which a history can have left the world: orders of indivisible steps that respect who answered before whom
 * began, in which every answer is the one that the model gives (Wing and Gong, 1993, with steps in place of whole operations).
 * `fits` says what the world looks like now, and may give names to what no answer named. Nothing is returned if no order explains it.
 */
export function serialOrders(start: Model, calls: Call[], match: (model: Model) => Model | null): Model[] {
  const found = new Map<string, Model>();
  const seen = new Set<string>();

  const search = (model: Model, progress: Progress): void => {
    const key = JSON.stringify([model, progress]);
    if (seen.has(key)) return;
    seen.add(key);

    if (calls.every(({ outcome }, index) => outcome === null || progress[index] === null)) {
      const matched = match(model);
      if (matched !== null) found.set(JSON.stringify(matched), matched);
    }
    calls.forEach((call, index) => {
      const own = progress[index];
      if (own == null) return;
      const steps = STEPS[call.operation.kind] as Step[];
      const notBefore = steps[own.next] === judge && isWrite(call) ? call.lastSentAt : call.startedAt;
      // Whoever had the answer by then must be through with everything.
      if (calls.some(({ endedAt }, other) => progress[other] !== null && endedAt < notBefore)) return;
      for (const result of steps[own.next]!(model, call.operation, own.local)) {
        const isLast = own.next === steps.length - 1;
        const outcome = result.outcome ?? (isLast ? result.local.outcome : undefined);
        if (outcome === undefined) {
          search(result.model, progress.with(index, { next: own.next + 1, local: result.local }));
        } else {
          const after = call.outcome === null ? result.model : unify(result.model, outcome, call.outcome);
          if (after !== null) search(after, progress.with(index, null));
        }
      }
    });
  };

  search(
    start,
    calls.map((call, index) => ({ next: 0, local: initialLocalState(call, index, start) })),
  );
  return [...found.values()];
}

function isWrite({ outcome }: Call): boolean {
  return outcome?.kind === "refreshed" && outcome.verdict !== "fresh";
}

/** What nobody has seen has a name that begins with a question mark, until somebody sees it. */
function initialLocalState({ outcome }: Call, index: number, { issuedTokens, sessions }: Model): LocalState {
  const unseen = `?${issuedTokens.length + Object.keys(sessions).length}.${index}`;
  const token = outcome !== null && "token" in outcome ? outcome.token : null;
  return {
    newToken: token === null || issuedTokens.includes(token) ? unseen : token,
    newSession: outcome?.kind === "signed in" ? outcome.session : `${unseen} session`,
  };
}

function unify(model: Model, expected: Outcome, actual: Outcome): Model | null {
  if (isDeepStrictEqual(expected, actual)) return model;
  if (!("token" in expected && "token" in actual)) return null;
  const renamed = renameUnseen(model, expected.token, actual.token);
  return renamed !== null && isDeepStrictEqual({ ...expected, token: actual.token }, actual) ? renamed : null;
}

/** The model with a name in the place of an unseen one, or null if that cannot be what was meant. */
export function renameUnseen(model: Model, unseen: string | null, name: string | null): Model | null {
  if (unseen === null || name === null || !unseen.startsWith("?") || model.issuedTokens.includes(name)) return null;
  return JSON.parse(JSON.stringify(model).replaceAll(JSON.stringify(unseen), JSON.stringify(name))) as Model;
}
