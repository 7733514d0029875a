import { MAX_GRACE_WINDOWS } from "@/server/auth/policy/lifetimes";
import { Crowd, WRITES, type Legs, type Living, type Write } from "./message-set";
import { DEATHS, packCrowdEvent as pack } from "./interleaving-events";
import { CURRENT, judgeBy, PREVIOUS, type Policy } from "./policy";
import type { Model, Visitor } from "./search";

export interface CrowdBounds extends Legs {
  window: number;
  /** A request that comes while another one with the same token is at work shares its outcome. */
  sharesFlights: boolean;
  /** The UPDATE is conditional on `handed_at` as it was judged, and not on the nonces only. */
  comparesHandedAt: boolean;
  /** It is conditional on the session being alive. */
  comparesRevocation: boolean;
  /** What becomes of whoever finds the row changed since it was judged. */
  losers: "read again" | "write anyway" | "are refused";
}

interface Row {
  handedAge: number;
  rotatedAge: number;
  hasPrevious: boolean;
  jar: Living;
  isRevoked: boolean;
  /** A token was made while somebody else's rotation was judged and not written yet. */
  isContested: boolean;
}

/**
 * One honest browser with any number of requests under way, each in its real steps: sent; judged by the instant it arrives at;
 * the row read; the row written, if it is still what was judged; the answer received. Instances share the row and nothing else.
 */
export function crowdModel(policy: Policy, bounds: CrowdBounds): Model {
  const { window, work, strays } = bounds;
  const judge = judgeBy(policy, window);
  const crowds = new Crowd(bounds);
  // Judged by an instant some time ago, an age must be known that much beyond where it stops mattering.
  const oldest = window + 1 + work + strays;
  const oldestRotated = MAX_GRACE_WINDOWS * window + 1 + work + strays;

  const packRow = ({ handedAge, rotatedAge, hasPrevious, jar, isRevoked, isContested }: Row) => {
    const flags = (isRevoked ? 8 : 0) + (isContested ? 4 : 0) + (hasPrevious ? 2 : 0) + jar;
    return (handedAge * (oldestRotated + 1) + rotatedAge) * 16 + flags;
  };

  function expand(packed: number, crowd: number, visitor: Visitor): void {
    const ages = packed >> 4;
    const row: Row = {
      handedAge: Math.floor(ages / (oldestRotated + 1)),
      rotatedAge: ages % (oldestRotated + 1),
      hasPrevious: (packed & 2) !== 0,
      jar: (packed & 1) as Living,
      isRevoked: (packed & 8) !== 0,
      isContested: (packed & 4) !== 0,
    };
    const reach = (event: number, next: Row, then = crowd) =>
      visitor.reach(event, packRow(next), crowds.sending(then, next.jar));

    WRITES.forEach((write, of) => {
      for (const age of crowds.ages(crowd, crowds.decided[write])) perform(write, of, age);
    });
    // Nothing comes after a revocation but what was judged before it.
    if (row.isRevoked || row.isContested) return;
    reach(pack("revoke"), { ...row, isRevoked: true });
    const handedAge = Math.min(row.handedAge + 1, oldest);
    const rotatedAge = Math.min(row.rotatedAge + 1, oldestRotated);
    reach(pack("tick"), { ...row, handedAge, rotatedAge }, crowds.older(crowd));
    for (const token of [CURRENT, PREVIOUS] as const) {
      for (const age of crowds.ages(crowd, crowds.answers[token])) {
        if (token !== row.jar) reach(pack("receive", token, age), { ...row, jar: token });
      }
      for (const age of crowds.ages(crowd, crowds.arrived[token])) read(token, age);
    }

    function read(presented: Living, age: number) {
      const verdict = judge({
        presented,
        handedAge: Math.max(row.handedAge - age, 0),
        rotatedAge: Math.max(row.rotatedAge - age, 0),
        hasPrevious: row.hasPrevious,
        isSameBrowser: true,
        isRevoked: false,
      });
      if (verdict === "fresh") return;
      if (verdict === "replayed" || verdict === "ended") return visitor.breaks(pack("read", presented, age), 1);
      reach(
        pack("read", presented, age, WRITES.indexOf(verdict)),
        row,
        crowds.with(crowd, crowds.decided[verdict], age),
      );
    }

    function perform(write: Write, of: number, age: number) {
      // Whoever shares a flight has just come, and has its whole life before it. Strays are answered to nobody.
      const answered = (then: number) =>
        age > work ? then : crowds.with(then, crowds.answers[CURRENT], bounds.sharesFlights ? 0 : age);
      const event = pack("write", of, age);
      if (row.isRevoked) return bounds.comparesRevocation ? undefined : visitor.breaks(event, 4);
      if (row.isContested && bounds.losers === "write anyway") return visitor.breaks(event, 2);
      if (row.isContested) return visitor.breaks(pack("write", of, age, 0, DEATHS.indexOf("loser")), 1);
      if (write === "reissue") {
        const handedAgain = Math.min(row.handedAge, age);
        const isSeen = bounds.comparesHandedAt && handedAgain !== row.handedAge;
        return reach(event, { ...row, handedAge: handedAgain }, answered(isSeen ? crowds.undecided(crowd) : crowd));
      }
      const dying = write === "rotate" ? PREVIOUS : CURRENT;
      const rest = crowds.retagged(crowds.undecided(crowd), write);
      const death = row.jar === dying ? "jar" : rest;
      // What a dead token is in may come true at once: its request is judged, or its answer received and used.
      if (typeof death === "string") return visitor.breaks(pack("write", of, age, 0, DEATHS.indexOf(death)), 1);
      const next: Row = { ...row, handedAge: age, rotatedAge: age, hasPrevious: true, jar: PREVIOUS };
      if (bounds.losers === "read again") return reach(event, next, answered(death));
      reach(event, { ...next, isContested: true }, answered(death) | crowds.rotating(crowd));
    }
  }

  const start: Row = {
    handedAge: 0,
    rotatedAge: 0,
    hasPrevious: false,
    jar: CURRENT,
    isRevoked: false,
    isContested: false,
  };
  return { start: { row: packRow(start), flight: crowds.sending(0, CURRENT) }, expand };
}
