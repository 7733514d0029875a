import { earlierOf, secondsAfter } from "@/server/auth/policy/lifetimes";
import { judgeRotation } from "@/server/auth/sessions/rotation";
import { OUTCOMES } from "./invariants";
import type { Invariant, Model, Visitor } from "./search";

/** In ticks; small, so that the search covers a whole session. */
export interface LimitTicks {
  window: number;
  idle: number;
  absolute: number;
}

/** How the limits are enforced; each rule can be disabled. */
export interface LimitRules {
  /** The verdict checks the idle limit. */
  checksIdle: boolean;
  /** The verdict checks the absolute limit. */
  checksAbsolute: boolean;
  /** The idle limit never exceeds the absolute limit. */
  capsIdle: boolean;
  /** A new refresh token extends the row's idle limit. */
  extendsRow: boolean;
  /** A new refresh token extends the cookie's expiry. */
  extendsCookie: boolean;
}

export const ALL_LIMITS: LimitRules = {
  checksIdle: true,
  checksAbsolute: true,
  capsIdle: true,
  extendsRow: true,
  extendsCookie: true,
};

const LOGIN = new Date(Date.UTC(2026, 10, 21));
const BROWSER = { browser: "Firefox", os: "Linux" };

const TICK = 0;
/** A refresh whose response arrives. */
const RECEIVED = 1;
const LOST = 2;
/** The token is presented. */
const PRESENTED = 3;

const SENTENCES = ["", "A refresh.", "A refresh whose response is lost.", "The token is presented."];

interface Session {
  age: number;
  /** When the current and previous tokens were first issued, and the current one last issued, in ticks since login. */
  currentIssuedAt: number;
  previousIssuedAt: number;
  handedAt: number;
  hasPrevious: boolean;
  cookieJarHoldsPrevious: boolean;
}

/** One session from login to beyond its absolute limit, with a browser that may refresh at any time and may lose the response. */
export function lifetimesModel(limits: LimitTicks, rules: LimitRules): Model {
  const { window, idle, absolute } = limits;
  const values = absolute + 3;
  const absoluteEnd = secondsAfter(LOGIN, absolute);
  const at = (tick: number) => secondsAfter(LOGIN, tick);
  const endsAt = (issuedAt: number, isExtended: boolean) => {
    const end = secondsAfter(at(isExtended ? issuedAt : 0), idle);
    return rules.capsIdle ? earlierOf(end, absoluteEnd) : end;
  };
  /** Until when a token must work: the idle limit after its issue, but before the absolute limit. */
  const guaranteedUntil = (issuedAt: number) => Math.min(issuedAt + idle, absolute);

  // This model has no messages: both integers hold the session.
  const packSession = (s: Session) => ({
    row: (s.age * values + s.currentIssuedAt) * values + s.previousIssuedAt,
    messages: (s.handedAt * 2 + (s.hasPrevious ? 1 : 0)) * 2 + (s.cookieJarHoldsPrevious ? 1 : 0),
  });

  function expand(row: number, messages: number, visitor: Visitor): void {
    const session: Session = {
      age: Math.floor(row / values ** 2),
      currentIssuedAt: Math.floor(row / values) % values,
      previousIssuedAt: row % values,
      handedAt: messages >> 2,
      hasPrevious: (messages & 2) !== 0,
      cookieJarHoldsPrevious: (messages & 1) !== 0,
    };
    const { age, currentIssuedAt, previousIssuedAt, cookieJarHoldsPrevious } = session;
    const reach = (event: number, next: Session) => {
      const packed = packSession(next);
      visitor.reach(event, packed.row, packed.messages);
    };
    if (age < absolute + 2) reach(TICK, { ...session, age: age + 1 });

    const verdict = judge(session);
    const isSuccess = verdict !== "ended" && verdict !== "replayed";
    const rowEnds = endsAt(currentIssuedAt, rules.extendsRow);
    if (isSuccess && (at(age) >= absoluteEnd || at(age) >= rowEnds)) return visitor.violates(PRESENTED, 5);

    const jarIssuedAt = cookieJarHoldsPrevious ? previousIssuedAt : currentIssuedAt;
    if (age >= guaranteedUntil(jarIssuedAt)) return;
    const hasCookie = at(age) < endsAt(jarIssuedAt, rules.extendsCookie);
    if (!hasCookie || !isSuccess) return visitor.violates(PRESENTED, 1);
    if (verdict === "fresh") return;
    const issuedAt = verdict === "reissue" ? currentIssuedAt : age;
    if (endsAt(issuedAt, rules.extendsCookie) > absoluteEnd) return visitor.violates(RECEIVED, 5);
    const after: Session = {
      ...session,
      handedAt: age,
      hasPrevious: true,
      currentIssuedAt: issuedAt,
      previousIssuedAt: verdict === "rotate" ? currentIssuedAt : previousIssuedAt,
    };
    reach(RECEIVED, { ...after, cookieJarHoldsPrevious: false });
    reach(LOST, { ...after, cookieJarHoldsPrevious: true });
  }

  function judge({ age, currentIssuedAt, handedAt, hasPrevious, cookieJarHoldsPrevious }: Session) {
    const row = {
      generation: 2,
      currentNonce: "current",
      previousNonce: hasPrevious ? "previous" : null,
      rotatedAt: at(currentIssuedAt),
      handedAt: at(handedAt),
      idleExpiresAt: rules.checksIdle ? endsAt(currentIssuedAt, rules.extendsRow) : at(1e6),
      absoluteExpiresAt: rules.checksAbsolute ? absoluteEnd : at(1e6),
      revokedAt: null,
      userDisabledAt: null,
      ...BROWSER,
    };
    const token = {
      ...(cookieJarHoldsPrevious ? { nonce: "previous", generation: 1 } : { nonce: "current", generation: 2 }),
      previousNonce: null,
      issuedAt: LOGIN,
      expiresAt: absoluteEnd,
    };
    return judgeRotation(row, token, BROWSER, window, at(age), null).kind;
  }

  const initial = {
    age: 0,
    currentIssuedAt: 0,
    previousIssuedAt: 0,
    handedAt: 0,
    hasPrevious: false,
    cookieJarHoldsPrevious: false,
  };
  return { initial: packSession(initial), expand };
}

/** A counterexample in words. */
export function formatLifetimes(events: number[], invariant: Invariant): string[] {
  const lines: string[] = [];
  let time = 0;
  for (const event of events) {
    if (event === TICK) time++;
    else lines.push(`t=${time}: ${SENTENCES[event]}`);
  }
  return [...lines.slice(0, -1), `${lines[lines.length - 1]} ${OUTCOMES[invariant]}`];
}
