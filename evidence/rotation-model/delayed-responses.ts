import { browserModel } from "./browser-model";
import { CURRENT, INVALID, createJudge, type Policy, type TokenStatus, type VerdictKind } from "./policy";
import { buildGraph } from "./search";
import { isSuccess, statusesAfter } from "./session-row";
import { unpackState } from "./state";

/** What happens to the session while a response is delayed beyond the request lifetime. */
export const SCENARIOS: readonly { name: string; meanwhile: VerdictKind[] }[] = [
  { name: "one rotation", meanwhile: ["rotate"] },
  { name: "two rotations", meanwhile: ["rotate", "rotate"] },
  { name: "three rotations", meanwhile: ["rotate", "rotate", "rotate"] },
  { name: "a recovery", meanwhile: ["recover"] },
  { name: "a recovery, then a rotation", meanwhile: ["recover", "rotate"] },
];

/** Whether the browser is still signed in after the delayed response arrives and its token is presented. */
export function staysSignedIn(policy: Policy, meanwhile: readonly VerdictKind[], window: number): boolean {
  const presented = meanwhile.reduce<TokenStatus>((token, verdict) => statusesAfter(verdict, policy)[token]!, CURRENT);
  const age = window + 1;
  const input = {
    presented,
    handedAge: age,
    rotatedAge: age,
    hasPrevious: true,
    isSameBrowser: true,
    isRevoked: false,
  };
  return isSuccess(createJudge(policy, window)(input));
}

/** Counts the states with a delayed response, and those in which its arrival logs the browser out. */
export function countLogouts(
  policy: Policy,
  window: number,
  maxLatency: number,
  inFlight: number,
): { delayed: number; loggedOut: number } {
  const model = browserModel(policy, { window, maxLatency, inFlight, hasDelayedResponse: true });
  const { rows } = buildGraph(model);
  let delayed = 0;
  let loggedOut = 0;
  for (const row of rows) {
    const { delayed: token } = unpackState(row, model.encoding);
    if (token === null) continue;
    delayed++;
    if (token === INVALID) loggedOut++;
  }
  return { delayed, loggedOut };
}
