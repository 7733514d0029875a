import { MAX_GRACE_WINDOWS } from "@/server/auth/policy/lifetimes";
import { judgeRotation } from "@/server/auth/sessions/rotation";
import type { LossRow } from "./loss-state";
import type { VerdictKind } from "./policy";
import type { Succession, TokenTree } from "./token-tree";

/** The implemented rules for a database that loses commits, with one of them changed. */
export interface LossPolicy {
  name: string;
  /** Changes the implemented verdict. */
  mapVerdict?: (verdict: VerdictKind, input: LossVerdictInput) => VerdictKind;
  succession?: Succession;
  /** A token does not name its predecessor. */
  omitsPredecessor?: true;
  /** The UPDATE of this verdict is not conditional on the row that was judged. */
  writesAnyway?: "ahead" | "replayed";
  /** Moving forward leaves the window where the token's creation put it, instead of starting one. */
  startsNoWindow?: true;
  /** A refresh does not ask the instance's memory of revocations. */
  ignoresMemory?: true;
  /** An instance that has noticed a loss lets windows end as before. */
  ignoresNotice?: true;
}

export interface LossVerdictInput {
  isAhead: boolean;
  isSameBrowser: boolean;
  isRevoked: boolean;
  isWindowOver: boolean;
}

const NOW = Date.UTC(2026, 10, 21);
const FAR_FUTURE = new Date(NOW + 1e12);
const CLIENTS = [
  { browser: "Firefox", os: "Linux" },
  { browser: "Chrome", os: "Windows" },
] as const;

/** Judges with `judgeRotation`, one tick being one second. Both verdicts where only the cap of reissues decides between them. */
export function createLossJudge(policy: LossPolicy, tree: TokenTree, window: number) {
  const known = new Map<number, readonly VerdictKind[]>();
  return (row: LossRow, token: number, browser: number, noticedAge: number | null): readonly VerdictKind[] => {
    const flags = (browser === row.browser ? 0 : 1) + (row.isRevoked ? 2 : 0);
    const ages = ((noticedAge ?? window + 1) * (window + 2) + row.age) * 4 + flags;
    const key = (row.token * tree.tokens.length + token) * (window + 2) ** 2 * 4 + ages;
    const verdicts = known.get(key) ?? [
      ...new Set(
        [0, MAX_GRACE_WINDOWS * window + 1].map((rotatedAge) => judgeOnce(row, token, browser, rotatedAge, noticedAge)),
      ),
    ];
    known.set(key, verdicts);
    return verdicts;
  };

  function judgeOnce(
    row: LossRow,
    token: number,
    browser: number,
    rotatedAge: number,
    noticedAge: number | null,
  ): VerdictKind {
    const { generation, currentNonce, previousNonce } = tree.tokens[token]!;
    const verdict = judgeRotation(
      {
        ...tree.tokens[row.token]!,
        rotatedAt: new Date(NOW - Math.max(row.age, rotatedAge) * 1000),
        handedAt: new Date(NOW - row.age * 1000),
        idleExpiresAt: FAR_FUTURE,
        absoluteExpiresAt: FAR_FUTURE,
        revokedAt: row.isRevoked ? new Date(NOW) : null,
        userDisabledAt: null,
        ...CLIENTS[row.browser]!,
      },
      {
        generation,
        nonce: currentNonce,
        previousNonce: policy.omitsPredecessor ? "not named" : previousNonce,
        issuedAt: new Date(NOW),
        expiresAt: FAR_FUTURE,
      },
      CLIENTS[browser]!,
      window,
      new Date(NOW),
      noticedAge === null || policy.ignoresNotice ? null : new Date(NOW - noticedAge * 1000),
    ).kind;
    const input = {
      isAhead: tree.isAhead(token, row.token),
      isSameBrowser: browser === row.browser,
      isRevoked: row.isRevoked,
      isWindowOver: row.age > window,
    };
    return policy.mapVerdict?.(verdict, input) ?? verdict;
  }
}
