import type { LossBounds } from "./loss-bounds";
import { NO_REFRESH } from "./state";

/** The session's row. Its age is in ticks since its token was last handed out, capped above the window. */
export interface LossRow {
  /** The current token: its number stands for nonces and generation. */
  token: number;
  age: number;
  /** Of the last write: 0 is the honest browser, 1 its second user agent or the attacker. */
  browser: number;
  isRevoked: boolean;
}

export interface LossState {
  row: LossRow;
  /** What a loss leaves: the row as a replica, a backup or a lagging node has it. */
  kept: LossRow | null;
  hadLoss: boolean;
  sinceLoss: number;
  cookieJar: number;
  /** Which of the two instances know that the session was revoked, as bits; and that it was. */
  memory: number;
  hasCopiedJar: boolean;
  /** Every token that the attacker has seen, as bits. */
  attackerTokens: number;
  refreshOrder: number;
  sinceVictim: number;
  sinceAttacker: number;
}

export const REVOKED_ONCE = 4;

/** Packs states of these bounds into numbers below 2^53. A field that a search does not need takes no space. */
export function lossStateEncoding(bounds: LossBounds, tokens: number) {
  const { attacker } = bounds;
  const ages = bounds.window + 2;
  const browsers = attacker?.browser === "different" || bounds.hasTwoUserAgents ? 2 : 1;
  const rows = tokens * ages * browsers * (bounds.hasRevocation ? 2 : 1);
  const sizes = {
    row: rows,
    kept: rows + 1,
    hadLoss: bounds.hasOneLoss ? 2 : 1,
    sinceLoss: bounds.noticesLosses ? ages : 1,
    cookieJar: tokens,
    memory: bounds.hasRevocation ? 8 : 1,
    hasCopiedJar: attacker ? 2 : 1,
    attackerTokens: attacker ? 2 ** tokens : 1,
    refreshOrder: attacker ? 5 : 1,
    sinceVictim: attacker?.staysOutsideWindow ? ages : 1,
    sinceAttacker: attacker?.staysOutsideWindow ? ages : 1,
  };
  if (Object.values(sizes).reduce((product, size) => product * size) >= 2 ** 53) {
    throw new Error("Too many states for one number: choose smaller bounds");
  }

  function packRow({ token, age, browser, isRevoked }: LossRow): number {
    const packed = (token * ages + age) * browsers + browser;
    return bounds.hasRevocation ? packed * 2 + (isRevoked ? 1 : 0) : packed;
  }

  function unpackRow(packed: number): LossRow {
    const isRevoked = bounds.hasRevocation === true && packed % 2 === 1;
    const rest = bounds.hasRevocation ? Math.floor(packed / 2) : packed;
    const tokenAndAge = Math.floor(rest / browsers);
    return { token: Math.floor(tokenAndAge / ages), age: tokenAndAge % ages, browser: rest % browsers, isRevoked };
  }

  return {
    sizes,
    pack(state: LossState): number {
      let packed = packRow(state.row);
      packed = packed * sizes.kept + (state.kept === null ? 0 : 1 + packRow(state.kept));
      packed = packed * sizes.hadLoss + (state.hadLoss ? 1 : 0);
      packed = packed * sizes.sinceLoss + state.sinceLoss;
      packed = packed * sizes.cookieJar + state.cookieJar;
      packed = packed * sizes.memory + state.memory;
      packed = packed * sizes.hasCopiedJar + (state.hasCopiedJar ? 1 : 0);
      packed = packed * sizes.attackerTokens + state.attackerTokens;
      packed = packed * sizes.refreshOrder + state.refreshOrder;
      packed = packed * sizes.sinceVictim + state.sinceVictim;
      return packed * sizes.sinceAttacker + state.sinceAttacker;
    },

    unpack(packed: number): LossState {
      let rest = packed;
      const take = (size: number) => {
        const value = rest % size;
        rest = (rest - value) / size;
        return value;
      };
      const sinceAttacker = take(sizes.sinceAttacker);
      const sinceVictim = take(sizes.sinceVictim);
      const refreshOrder = take(sizes.refreshOrder);
      const attackerTokens = take(sizes.attackerTokens);
      const hasCopiedJar = take(sizes.hasCopiedJar) === 1;
      const memory = take(sizes.memory);
      const cookieJar = take(sizes.cookieJar);
      const sinceLoss = take(sizes.sinceLoss);
      const hadLoss = take(sizes.hadLoss) === 1;
      const kept = take(sizes.kept);
      return {
        row: unpackRow(rest),
        kept: kept === 0 ? null : unpackRow(kept - 1),
        hadLoss,
        sinceLoss,
        cookieJar,
        memory,
        hasCopiedJar,
        attackerTokens,
        refreshOrder,
        sinceVictim,
        sinceAttacker,
      };
    },

    /** The state after login. */
    initial: {
      row: { token: 0, age: 0, browser: 0, isRevoked: false },
      kept: null,
      hadLoss: false,
      sinceLoss: sizes.sinceLoss - 1,
      cookieJar: 0,
      memory: 0,
      hasCopiedJar: false,
      attackerTokens: 0,
      refreshOrder: NO_REFRESH,
      sinceVictim: 0,
      sinceAttacker: sizes.sinceAttacker - 1,
    } satisfies LossState,
  };
}
