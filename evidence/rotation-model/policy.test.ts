import { describe, expect, test } from "vitest";
import { MAX_GRACE_WINDOWS } from "@/server/auth/policy/lifetimes";
import { IMPLEMENTED_POLICY, CURRENT, INVALID, createJudge, PREVIOUS, type VerdictInput } from "./policy";

const WINDOW = 4;
const CAP = MAX_GRACE_WINDOWS * WINDOW;
const TOKENS = [CURRENT, PREVIOUS, INVALID] as const;

function judge(input: Partial<VerdictInput>) {
  const all: VerdictInput = {
    presented: PREVIOUS,
    handedAge: 0,
    rotatedAge: 0,
    hasPrevious: true,
    isSameBrowser: true,
    isRevoked: false,
  };
  return createJudge(IMPLEMENTED_POLICY, WINDOW)({ ...all, ...input });
}

describe("policy: whole ticks cover every instant", () => {
  test.each(TOKENS)("between two ticks the verdict is that of the later tick (token status %i)", (presented) => {
    for (let handedAge = 0; handedAge <= WINDOW + 2; handedAge++) {
      for (const rotatedAge of [handedAge, CAP - 1, CAP, CAP + 1]) {
        const later = judge({ presented, handedAge: handedAge + 1, rotatedAge: rotatedAge + 1 });
        for (const part of [0.001, 0.5, 0.999]) {
          expect(judge({ presented, handedAge: handedAge + part, rotatedAge: rotatedAge + part })).toBe(later);
        }
      }
    }
  });

  test("between two ticks the verdict is that of the later tick, for a different browser", () => {
    for (let handedAge = 0; handedAge <= WINDOW + 2; handedAge++) {
      const later = judge({ isSameBrowser: false, handedAge: handedAge + 1, rotatedAge: handedAge + 1 });
      expect(judge({ isSameBrowser: false, handedAge: handedAge + 0.5, rotatedAge: handedAge + 0.5 })).toBe(later);
    }
  });

  test.each(TOKENS)("beyond the thresholds the verdict no longer depends on age (token status %i)", (presented) => {
    const settled = judge({ presented, handedAge: WINDOW + 1, rotatedAge: WINDOW + 1 });
    const beyondCap = judge({ presented, handedAge: 0, rotatedAge: CAP + 1 });
    for (const more of [1, 7, 100, 86_400, 30 * 86_400]) {
      expect(judge({ presented, handedAge: WINDOW + 1 + more, rotatedAge: WINDOW + 1 + more })).toBe(settled);
      expect(judge({ presented, handedAge: 0, rotatedAge: CAP + 1 + more })).toBe(beyondCap);
    }
  });
});

test("policy: the grace window and its cap are inclusive", () => {
  expect([WINDOW, WINDOW + 1].map((handedAge) => judge({ handedAge, rotatedAge: handedAge }))).toEqual([
    "reissue",
    "recover",
  ]);
  expect([CAP, CAP + 1].map((rotatedAge) => judge({ rotatedAge }))).toEqual(["reissue", "fresh"]);
  const fromAnother = (handedAge: number) => judge({ handedAge, rotatedAge: CAP + 1, isSameBrowser: false });
  expect([WINDOW, WINDOW + 1].map(fromAnother)).toEqual(["fresh", "replayed"]);
});

test("policy: a variant changes the input of the implemented verdict", () => {
  const anyBrowser = createJudge({ name: "", mapInput: (input) => ({ ...input, isSameBrowser: true }) }, WINDOW);
  const input = {
    presented: PREVIOUS,
    handedAge: 1,
    rotatedAge: 1,
    hasPrevious: true,
    isSameBrowser: false,
    isRevoked: false,
  } as const;
  expect(judge(input)).toBe("fresh");
  expect(anyBrowser(input)).toBe("reissue");
});
