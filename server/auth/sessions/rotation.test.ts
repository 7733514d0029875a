import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_REPLICATION_LAG_SECONDS } from "@/server/auth/policy/lifetimes";
import type { PresentedToken } from "@/server/auth/tokens/refresh-token";
import { hasEnded, judgeRotation, type RotationState } from "./rotation";

const GRACE = 30;
const ROTATED_AT = new Date("2026-11-21T12:00:00.000Z");
const CLIENT = { browser: "Firefox", os: "Linux" };

const SESSION: RotationState = {
  generation: 7,
  currentNonce: "current",
  previousNonce: "previous",
  rotatedAt: ROTATED_AT,
  handedAt: ROTATED_AT,
  idleExpiresAt: after(7 * 86_400_000),
  absoluteExpiresAt: after(30 * 86_400_000),
  revokedAt: null,
  userDisabledAt: null,
  ...CLIENT,
};
const ISSUED = { previousNonce: null, issuedAt: ROTATED_AT, expiresAt: after(7 * 86_400_000) };
const CURRENT = { generation: 7, nonce: "current", ...ISSUED };
const PREVIOUS = { generation: 6, nonce: "previous", ...ISSUED };
/** Of a rotation that the row does not have. */
const AHEAD = { ...ISSUED, generation: 9, nonce: "ahead", previousNonce: "before ahead" };

function after(milliseconds: number, instant = ROTATED_AT): Date {
  return new Date(instant.getTime() + milliseconds);
}

function verdict(
  presented: Pick<PresentedToken, "generation" | "nonce"> & Partial<PresentedToken>,
  milliseconds: number,
  changes: Partial<RotationState> = {},
  client = CLIENT,
  lossNoticedAt: Date | null = null,
) {
  const token = { ...ISSUED, ...presented };
  return judgeRotation({ ...SESSION, ...changes }, token, client, GRACE, after(milliseconds), lossNoticedAt).kind;
}

describe("the current token", () => {
  test.each([
    ["fresh", "when it is issued", 0],
    ["fresh", "at the end of the window", 30_000],
    ["rotate", "a millisecond later", 30_001],
    ["rotate", "after days", 3 * 86_400_000],
    ["fresh", "by a clock that is behind the one that issued it", -600_000],
  ])("%s: %s", (kind, _, milliseconds) => {
    expect(verdict(CURRENT, milliseconds)).toBe(kind);
  });

  test("is fresh while it is being reissued", () => {
    expect(verdict(CURRENT, 59_000, { handedAt: after(29_000) })).toBe("fresh");
    expect(verdict(CURRENT, 59_001, { handedAt: after(29_000) })).toBe("rotate");
  });

  test("rotates from another browser too: updates rename browsers", () => {
    expect(verdict(CURRENT, 60_000, {}, { browser: "Chrome", os: "Windows" })).toBe("rotate");
  });
});

describe("the previous token", () => {
  test.each([
    ["reissue", "at once", 0, {}],
    ["reissue", "at the end of the window", 30_000, {}],
    ["recover", "a millisecond later", 30_001, {}],
    ["recover", "after days", 3 * 86_400_000, {}],
    ["reissue", "while reissues extend the window", 300_000, { handedAt: after(290_000) }],
    ["fresh", "after ten windows of reissues: no more, so that the window ends", 300_001, { handedAt: after(290_000) }],
    ["recover", "once that window has ended", 320_001, { handedAt: after(290_000) }],
  ])("%s: %s", (kind, _, milliseconds, changes) => {
    expect(verdict(PREVIOUS, milliseconds, changes)).toBe(kind);
  });

  test.each([
    ["another browser", { browser: "Chrome", os: "Linux" }],
    ["another system", { browser: "Firefox", os: "Windows" }],
    ["a program", { browser: "curl", os: "Unknown system" }],
  ])("from %s is fresh in the window and replayed after it", (_, client) => {
    for (const milliseconds of [-600_000, 0, 1000, 30_000]) {
      expect(verdict(PREVIOUS, milliseconds, {}, client)).toBe("fresh");
    }
    for (const milliseconds of [30_001, 60_000, 86_400_000]) {
      expect(verdict(PREVIOUS, milliseconds, {}, client)).toBe("replayed");
    }
  });

  test("from another browser has the window of handed_at, also past ten windows", () => {
    const phone = { browser: "Safari", os: "iOS" };
    const handedAt = after(290_000);
    expect(verdict(PREVIOUS, 299_000, { handedAt }, phone)).toBe("fresh");
    expect(verdict(PREVIOUS, 320_000, { handedAt }, phone)).toBe("fresh");
    expect(verdict(PREVIOUS, 320_001, { handedAt }, phone)).toBe("replayed");
  });
});

describe("a token of a generation that the row has not reached", () => {
  test.each<[string, string, number, Partial<RotationState>]>([
    ["fresh", "at once", 0, {}],
    ["fresh", "at the end of the window: the row's token may be in transit", 30_000, {}],
    ["ahead", "a millisecond later", 30_001, {}],
    ["ahead", "after days", 3 * 86_400_000, {}],
    ["ahead", "past the row's idle limit, which the lost rotation had extended", 60_000, { idleExpiresAt: after(5) }],
    ["ahead", "of a session that never rotated", 60_000, { generation: 0, previousNonce: null }],
    ["fresh", "by a clock that is behind the one that issued the row's token", -600_000, {}],
  ])("%s: %s", (kind, _, milliseconds, changes) => {
    expect(verdict(AHEAD, milliseconds, changes)).toBe(kind);
  });

  test("is ahead by one generation or by a thousand", () => {
    for (const generation of [8, 1007]) expect(verdict({ ...AHEAD, generation }, 60_000)).toBe("ahead");
  });

  test.each<[string, Partial<PresentedToken>, typeof CLIENT]>([
    ["from another browser", {}, { browser: "Chrome", os: "Linux" }],
    ["from another system", {}, { browser: "Firefox", os: "Windows" }],
    ["from a program", {}, { browser: "curl", os: "Unknown system" }],
    ["that does not name its predecessor", { previousNonce: null }, CLIENT],
    ["of the row's generation", { generation: 7 }, CLIENT],
    ["of an older generation", { generation: 5 }, CLIENT],
    ["of an older generation that names the current nonce", { generation: 6, previousNonce: "current" }, CLIENT],
    ["of the row's generation that names the previous nonce", { generation: 7, previousNonce: "previous" }, CLIENT],
  ])("is replayed: one %s", (_, changes, client) => {
    for (const milliseconds of [0, 30_000, 30_001, 86_400_000]) {
      expect(verdict({ ...AHEAD, ...changes }, milliseconds, {}, client)).toBe("replayed");
    }
  });

  test.each<[string, Partial<RotationState>, Partial<PresentedToken>]>([
    ["revoked", { revokedAt: ROTATED_AT }, {}],
    ["revoked by a clock that is ahead", { revokedAt: after(600_000) }, {}],
    ["user disabled", { userDisabledAt: ROTATED_AT }, {}],
    ["absolute limit reached", { absoluteExpiresAt: after(60_000) }, {}],
    ["less than a second left of it", { absoluteExpiresAt: after(60_999) }, {}],
    ["the token's own limit reached", {}, { expiresAt: after(60_000) }],
  ])("is ended: %s", (_, changes, token) => {
    expect(verdict({ ...AHEAD, ...token }, 60_000, changes)).toBe("ended");
  });

  test("is the only token that the row's idle limit does not end", () => {
    const changes = { idleExpiresAt: after(5000) };
    for (const presented of [CURRENT, PREVIOUS, { ...AHEAD, previousNonce: null }, { ...AHEAD, generation: 7 }]) {
      expect(verdict(presented, 60_000, changes)).toBe("ended");
    }
    expect(verdict(AHEAD, 60_000, changes, { browser: "Chrome", os: "Windows" })).toBe("ended");
  });
});

describe("anything else with a valid signature is replayed", () => {
  test.each([
    ["a token before the previous one", { generation: 5, nonce: "older" }, {}],
    ["a made-up nonce of the current generation", { generation: 7, nonce: "made up" }, {}],
    ["a made-up nonce of the previous generation", { generation: 6, nonce: "made up" }, {}],
    ["the successor that a recovery replaced", { generation: 7, nonce: "replaced" }, { generation: 8 }],
    ["a nonce of another case", { generation: 7, nonce: "Current" }, {}],
    ["an empty nonce before the first rotation", { generation: 7, nonce: "" }, { previousNonce: null }],
    ["the current nonce under another generation", { generation: 6, nonce: "current" }, {}],
  ])("%s", (_, presented, changes) => {
    for (const milliseconds of [0, 29_000, 31_000, 86_400_000]) {
      expect(verdict(presented, milliseconds, changes)).toBe("replayed");
    }
  });
});

describe("after the instance has noticed that commits may be lost, no window ends for the length of one", () => {
  const noticed = (
    presented: Parameters<typeof verdict>[0],
    milliseconds: number,
    changes: Partial<RotationState> = {},
    client = CLIENT,
  ) => verdict(presented, milliseconds, changes, client, after(600_000));
  const OTHER = { browser: "Chrome", os: "Windows" };

  test.each([
    ["the current token", CURRENT, CLIENT, "fresh", "rotate"],
    ["the previous token of an old rotation", PREVIOUS, CLIENT, "fresh", "recover"],
    ["the previous token from another browser", PREVIOUS, OTHER, "fresh", "replayed"],
    ["a token ahead of the row", AHEAD, CLIENT, "fresh", "ahead"],
  ])("%s", (_, presented, client, during, afterwards) => {
    expect(noticed(presented, 600_000, {}, client)).toBe(during);
    expect(noticed(presented, 630_000, {}, client)).toBe(during);
    expect(noticed(presented, 630_001, {}, client)).toBe(afterwards);
  });

  test("the previous token of a recent rotation is reissued", () => {
    const changes = { rotatedAt: after(560_000), handedAt: after(560_000) };
    expect(noticed(PREVIOUS, 630_000, changes)).toBe("reissue");
    expect(noticed(PREVIOUS, 630_001, changes)).toBe("recover");
  });

  test("a window that began later ends later", () => {
    const handedAt = { handedAt: after(610_000) };
    expect([noticed(CURRENT, 640_000, handedAt), noticed(CURRENT, 640_001, handedAt)]).toEqual(["fresh", "rotate"]);
  });

  test("a retired token is replayed, and an ended session stays ended", () => {
    expect(noticed({ generation: 5, nonce: "older" }, 600_000)).toBe("replayed");
    expect(noticed(CURRENT, 600_000, { revokedAt: ROTATED_AT })).toBe("ended");
  });
});

describe("an ended session is ended for every token", () => {
  test.each<[string, Partial<RotationState>, number]>([
    ["revoked", { revokedAt: ROTATED_AT }, 0],
    ["revoked by a clock that is ahead", { revokedAt: after(60_000) }, 0],
    ["user disabled", { userDisabledAt: ROTATED_AT }, 0],
    ["idle limit reached", { idleExpiresAt: after(5000) }, 5000],
    ["absolute limit reached", { absoluteExpiresAt: after(5000) }, 5000],
    ["less than a second left of it", { absoluteExpiresAt: after(5000) }, 4001],
  ])("%s", (_, changes, milliseconds) => {
    for (const presented of [CURRENT, PREVIOUS, { generation: 1, nonce: "older" }]) {
      expect(verdict(presented, milliseconds, changes)).toBe("ended");
    }
    expect(verdict(PREVIOUS, milliseconds, changes, { browser: "Chrome", os: "Windows" })).toBe("ended");
  });

  test.each<[string, Partial<RotationState>, number]>([
    ["a millisecond before the idle limit", { idleExpiresAt: after(5000) }, 4999],
    ["a second before the absolute limit", { absoluteExpiresAt: after(5000) }, 4000],
  ])("not yet: %s", (_, changes, milliseconds) => {
    expect(verdict(CURRENT, milliseconds, changes)).toBe("fresh");
  });

  test("a session that never existed is ended too", () => {
    expect(judgeRotation(null, CURRENT, CLIENT, GRACE, after(86_400_000), null)).toEqual({ kind: "ended" });
  });
});

test("a session that is not there is unavailable for a token just issued: its row may not have arrived yet", () => {
  const lag = MAX_REPLICATION_LAG_SECONDS * 1000;
  const kinds = [-60_000, 0, lag, lag + 1, 86_400_000].map(
    (milliseconds) => judgeRotation(null, CURRENT, CLIENT, GRACE, after(milliseconds), null).kind,
  );
  expect(kinds).toEqual(["unavailable", "unavailable", "unavailable", "ended", "ended"]);
});

test("with any clocks, an ended session never rotates and the verdict is deterministic", () => {
  const instants = fc.date({ min: after(-1e9), max: after(1e10), noInvalidDate: true });
  const states = fc.record({
    ...Object.fromEntries(Object.entries(SESSION).map(([name, value]) => [name, fc.constant(value)])),
    rotatedAt: instants,
    handedAt: instants,
    idleExpiresAt: instants,
    absoluteExpiresAt: instants,
    revokedAt: fc.option(instants),
    userDisabledAt: fc.option(instants),
  }) as fc.Arbitrary<RotationState>;
  fc.assert(
    fc.property(
      states,
      fc.constantFrom(CURRENT, PREVIOUS, { ...ISSUED, generation: 3, nonce: "x" }),
      instants,
      fc.option(instants),
      (state, token, now, noticedAt) => {
        const { kind } = judgeRotation(state, token, CLIENT, GRACE, now, noticedAt);
        expect(kind === "ended").toBe(hasEnded(state, now));
        expect(judgeRotation(state, token, CLIENT, GRACE, now, noticedAt).kind).toBe(kind);
        if (token === CURRENT) expect(["fresh", "rotate", "ended"]).toContain(kind);
        if (token === PREVIOUS) expect(["fresh", "reissue", "recover", "ended"]).toContain(kind);
      },
    ),
  );
});
