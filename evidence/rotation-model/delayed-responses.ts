import { browserModel } from "./browser-model";
import { CURRENT, DEAD, judgeBy, type Policy, type Standing, type VerdictKind } from "./policy";
import { graphOf } from "./search";
import { isSuccess, standingsAfter } from "./session-row";
import { unpackWorld } from "./state";

/** What happens to the session while an answer sleeps in its socket, for longer than any answer should live. */
export const ORDERS: readonly { name: string; meanwhile: VerdictKind[] }[] = [
  { name: "one rotation", meanwhile: ["rotate"] },
  { name: "two rotations", meanwhile: ["rotate", "rotate"] },
  { name: "three rotations", meanwhile: ["rotate", "rotate", "rotate"] },
  { name: "a recovery", meanwhile: ["recover"] },
  { name: "a recovery, a rotation", meanwhile: ["recover", "rotate"] },
];

/** Whether the browser is still signed in when the answer wakes after that, and its token is used. */
export function survives(policy: Policy, meanwhile: readonly VerdictKind[], window: number): boolean {
  const presented = meanwhile.reduce<Standing>((token, verdict) => standingsAfter(verdict, policy)[token]!, CURRENT);
  const age = window + 1;
  const facts = {
    presented,
    handedAge: age,
    rotatedAge: age,
    hasPrevious: true,
    isSameBrowser: true,
    isRevoked: false,
  };
  return isSuccess(judgeBy(policy, window)(facts));
}

/** Of all states with an answer asleep, those in which waking it logs the browser out. */
export function countHarm(
  policy: Policy,
  window: number,
  leg: number,
  inFlight: number,
): { asleep: number; harmful: number } {
  const model = browserModel(policy, { window, leg, inFlight, hasSleeper: true });
  const { rows } = graphOf(model);
  let asleep = 0;
  let harmful = 0;
  for (const row of rows) {
    const { asleep: token } = unpackWorld(row, model.extent);
    if (token === null) continue;
    asleep++;
    if (token === DEAD) harmful++;
  }
  return { asleep, harmful };
}
