import { CURRENT, type TokenStatus } from "./policy";

/** Which of the two has refreshed since both held the same token, and in which order: what invariant 3 depends on. */
export const NO_REFRESH = 0;
export const VICTIM = 1;
export const ATTACKER = 2;
export const VICTIM_THEN_ATTACKER = 3;
export const ATTACKER_THEN_VICTIM = 4;

export function afterVictimRefresh(refreshOrder: number): number {
  if (refreshOrder === NO_REFRESH) return VICTIM;
  return refreshOrder === ATTACKER || refreshOrder === VICTIM_THEN_ATTACKER ? ATTACKER_THEN_VICTIM : refreshOrder;
}

export function afterAttackerRefresh(refreshOrder: number): number {
  if (refreshOrder === NO_REFRESH) return ATTACKER;
  return refreshOrder === VICTIM || refreshOrder === ATTACKER_THEN_VICTIM ? VICTIM_THEN_ATTACKER : refreshOrder;
}

/** The session's row, the honest browser's cookie jar and the attacker. Ages are in ticks, capped above the largest threshold. */
export interface State {
  handedAge: number;
  rotatedAge: number;
  hasPrevious: boolean;
  isRevoked: boolean;
  /** The browser of the last write: 0 and 1 are user agents of the honest browser, the last one is the attacker's. */
  rowBrowser: number;
  cookieJar: TokenStatus;
  /** The token in the response that is delayed without limit; null if there is none. */
  delayed: TokenStatus | null;
  hasCopiedJar: boolean;
  /** The valid tokens that the attacker knows: one bit for each status. */
  attackerTokens: number;
  refreshOrder: number;
  /** Ticks since the last successful refresh of the victim and of the attacker. */
  sinceVictim: number;
  sinceAttacker: number;
}

/** How many values each field can have. A field that a search does not need has one value and takes no space. */
export interface StateEncoding {
  handedAgeValues: number;
  rotatedAgeValues: number;
  hasDelayedResponse: boolean;
  hasRevocation: boolean;
  hasAttacker: boolean;
  browserValues: number;
  sinceValues: number;
}

export function packState(state: State, encoding: StateEncoding): number {
  let packed = state.handedAge * encoding.rotatedAgeValues + state.rotatedAge;
  packed = (packed * 2 + (state.hasPrevious ? 1 : 0)) * 4 + state.cookieJar;
  if (encoding.hasRevocation) packed = packed * 2 + (state.isRevoked ? 1 : 0);
  if (encoding.hasDelayedResponse) packed = packed * 5 + (state.delayed === null ? 4 : state.delayed);
  packed = packed * encoding.browserValues + state.rowBrowser;
  if (encoding.hasAttacker) {
    packed = ((packed * 2 + (state.hasCopiedJar ? 1 : 0)) * 8 + state.attackerTokens) * 5 + state.refreshOrder;
    packed = (packed * encoding.sinceValues + state.sinceVictim) * encoding.sinceValues + state.sinceAttacker;
  }
  return packed;
}

export function unpackState(packed: number, encoding: StateEncoding): State {
  let rest = packed;
  const take = (values: number) => {
    const value = rest % values;
    rest = (rest - value) / values;
    return value;
  };
  const { hasAttacker, sinceValues } = encoding;
  const sinceAttacker = hasAttacker ? take(sinceValues) : 0;
  const sinceVictim = hasAttacker ? take(sinceValues) : 0;
  const refreshOrder = hasAttacker ? take(5) : NO_REFRESH;
  const attackerTokens = hasAttacker ? take(8) : 0;
  const hasCopiedJar = hasAttacker && take(2) === 1;
  const rowBrowser = take(encoding.browserValues);
  const delayed = encoding.hasDelayedResponse ? take(5) : 4;
  const isRevoked = encoding.hasRevocation && take(2) === 1;
  const cookieJar = take(4) as TokenStatus;
  const hasPrevious = take(2) === 1;
  const rotatedAge = take(encoding.rotatedAgeValues);
  return {
    handedAge: rest,
    rotatedAge,
    hasPrevious,
    isRevoked,
    rowBrowser,
    cookieJar,
    delayed: delayed === 4 ? null : (delayed as TokenStatus),
    hasCopiedJar,
    attackerTokens,
    refreshOrder,
    sinceVictim,
    sinceAttacker,
  };
}

/** The state after login. Throws if a state of this encoding may not fit into an integer below 2^31. */
export function initialState(encoding: StateEncoding): State {
  const {
    handedAgeValues,
    rotatedAgeValues,
    hasRevocation,
    hasDelayedResponse,
    hasAttacker,
    browserValues,
    sinceValues,
  } = encoding;
  const attackerValues = hasAttacker ? 2 * 8 * 5 * sinceValues ** 2 : 1;
  const states =
    handedAgeValues *
    rotatedAgeValues *
    8 *
    browserValues *
    (hasRevocation ? 2 : 1) *
    (hasDelayedResponse ? 5 : 1) *
    attackerValues;
  if (states >= 2 ** 31) throw new Error("Too many states for one integer: choose smaller bounds");
  return {
    handedAge: 0,
    rotatedAge: 0,
    hasPrevious: false,
    isRevoked: false,
    rowBrowser: 0,
    cookieJar: CURRENT,
    delayed: null,
    hasCopiedJar: false,
    attackerTokens: 0,
    refreshOrder: NO_REFRESH,
    sinceVictim: 0,
    sinceAttacker: sinceValues - 1,
  };
}
