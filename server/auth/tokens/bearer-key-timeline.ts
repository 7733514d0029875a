import {
  earlierOf,
  KEY_TOLERANCE_SECONDS,
  laterOf,
  MAX_BEARER_TOKEN_SECONDS,
  secondsAfter,
} from "@/server/auth/policy/lifetimes";

/** What decides about a key. All instants are of the database's clock. */
export interface KeyTimes {
  sequence: number;
  signsFrom: Date;
  compromisedAt: Date | null;
}

/**
 * *Waiting*: published, so that every verifier knows it before its first token. *Retired*: published for the tokens that it has
 * signed. *Dropped*: its tokens are refused.
 */
export type KeyPhase = "waiting" | "signing" | "retired" | "dropped";

export interface JudgedKey<Key> {
  key: Key;
  phase: KeyPhase;
  /** Null while no other key is to follow it. */
  dropsAt: Date | null;
}

/** What each key is for at `databaseNow`. At most one of them signs. */
export function judgeKeys<Key extends KeyTimes>(keys: readonly Key[], databaseNow: Date): JudgedKey<Key>[] {
  return keys.map((key) => {
    const signsUntil = successorOf(key, keys)?.signsFrom ?? null;
    const dropsAt = dropTime(key, signsUntil);
    return { key, dropsAt, phase: phaseOf(key, { signsUntil, dropsAt, databaseNow }) };
  });
}

function phaseOf(
  { signsFrom }: KeyTimes,
  { signsUntil, dropsAt, databaseNow }: { signsUntil: Date | null; dropsAt: Date | null; databaseNow: Date },
): KeyPhase {
  if (dropsAt !== null && dropsAt <= databaseNow) return "dropped";
  if (signsUntil !== null && signsUntil <= databaseNow) return "retired";
  return signsFrom <= databaseNow ? "signing" : "waiting";
}

/** A key that was compromised before it signed replaces none. */
function successorOf({ sequence }: KeyTimes, keys: readonly KeyTimes[]): KeyTimes | undefined {
  return keys
    .filter((other) => other.sequence > sequence && other.compromisedAt === null)
    .toSorted((one, other) => one.sequence - other.sequence)[0];
}

function dropTime({ compromisedAt }: KeyTimes, signsUntil: Date | null): Date | null {
  const afterLastToken =
    signsUntil === null ? null : secondsAfter(signsUntil, MAX_BEARER_TOKEN_SECONDS + KEY_TOLERANCE_SECONDS);
  if (compromisedAt === null || afterLastToken === null) return compromisedAt ?? afterLastToken;
  return earlierOf(compromisedAt, afterLastToken);
}

export type RotationVerdict = { kind: "allowed"; sequence: number } | { kind: "in progress"; until: Date };

/** Whether a rotation may begin: not before the one before it has dropped its predecessor, so that two keys are published at most. */
export function judgeKeyRotation(keys: readonly KeyTimes[], databaseNow: Date): RotationVerdict {
  const ends = judgeKeys(keys, databaseNow).flatMap(({ phase, dropsAt }) =>
    phase !== "dropped" && dropsAt !== null ? [dropsAt] : [],
  );
  if (ends.length > 0) return { kind: "in progress", until: ends.reduce(laterOf) };
  return { kind: "allowed", sequence: nextSequence(keys) };
}

export function nextSequence(keys: readonly KeyTimes[]): number {
  return Math.max(0, ...keys.map(({ sequence }) => sequence)) + 1;
}
