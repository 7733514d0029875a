import { isDeepStrictEqual } from "node:util";
import type { Model } from "./model";
import type { Operation, Outcome } from "./operations";
import { judge } from "./refresh-rules";
import { STEPS } from "./operation-rules";
import type { LocalState, Step } from "./steps";

/** One observed call of an operation. */
export interface Call {
  operation: Operation;
  /** Null if no response arrived. Then any prefix of the steps may have been executed. */
  outcome: Outcome | null;
  /** Logical times of call and response, totally ordered. A call without a response may take effect at any later time. */
  startedAt: number;
  /** When its last statement was sent: a refresh that writes takes effect after this, not when it read the row. */
  lastSentAt: number;
  endedAt: number;
}

/** The next step of each call; `null` when it has finished. */
type Progress = ({ next: number; local: LocalState } | null)[];

/**
 * All final models of serial orders of atomic steps that respect real time (a call that returned before another one started
 * comes first) and in which every outcome is the model's: the linearizability check of Wing and Gong (1993), with steps instead
 * of whole operations. `match` compares a model with the observed state and may name what no outcome named. Empty if no order exists.
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
      // A call that returned before this instant must have finished all its steps.
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

/** A token or session that no outcome has named yet has a name that begins with a question mark. */
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

/** Replaces an unseen name by an observed one; null if the observed name already means another token. */
export function renameUnseen(model: Model, unseen: string | null, name: string | null): Model | null {
  if (unseen === null || name === null || !unseen.startsWith("?") || model.issuedTokens.includes(name)) return null;
  return JSON.parse(JSON.stringify(model).replaceAll(JSON.stringify(unseen), JSON.stringify(name))) as Model;
}
