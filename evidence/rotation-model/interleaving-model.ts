import { MAX_GRACE_WINDOWS } from "@/server/auth/policy/lifetimes";
import { isWrite, MessageSet, WRITES, type Latencies, type ValidToken, type Write } from "./message-set";
import { FINAL_CAUSES, packInterleavingEvent as pack } from "./interleaving-events";
import { CURRENT, createJudge, PREVIOUS, type Policy } from "./policy";
import type { Model, Visitor } from "./search";

export interface InterleavingBounds extends Latencies {
  window: number;
  /** A request that arrives during a refresh with the same token shares its outcome. */
  sharesRefreshes: boolean;
  /** The UPDATE compares `handed_at` with the judged row, not only the nonces. */
  comparesHandedAt: boolean;
  /** The UPDATE requires that the session is not revoked. */
  comparesRevocation: boolean;
  /** What a request does when the row has changed since it was judged. */
  onConflict: "read again" | "write anyway" | "are refused";
}

interface Row {
  handedAge: number;
  rotatedAge: number;
  hasPrevious: boolean;
  cookieJar: ValidToken;
  isRevoked: boolean;
  /** A token was issued while another rotation was judged and not written yet. */
  hasConcurrentRotation: boolean;
}

/**
 * One honest browser with any number of requests in flight, interleaved at the steps of the implementation: send; take `now`
 * on arrival; read the row and judge; write the row if it is unchanged; receive the response. Instances share only the row.
 */
export function interleavingModel(policy: Policy, bounds: InterleavingBounds): Model {
  const { window, work, orphanDelay } = bounds;
  const judge = createJudge(policy, window);
  const messageSet = new MessageSet(bounds);
  // A verdict uses an earlier `now`, so ages must be exact that much beyond the largest threshold.
  const oldest = window + 1 + work + orphanDelay;
  const oldestRotated = MAX_GRACE_WINDOWS * window + 1 + work + orphanDelay;

  const packRow = ({ handedAge, rotatedAge, hasPrevious, cookieJar, isRevoked, hasConcurrentRotation }: Row) => {
    const flags = (isRevoked ? 8 : 0) + (hasConcurrentRotation ? 4 : 0) + (hasPrevious ? 2 : 0) + cookieJar;
    return (handedAge * (oldestRotated + 1) + rotatedAge) * 16 + flags;
  };

  function expand(packed: number, messages: number, visitor: Visitor): void {
    const ages = packed >> 4;
    const row: Row = {
      handedAge: Math.floor(ages / (oldestRotated + 1)),
      rotatedAge: ages % (oldestRotated + 1),
      hasPrevious: (packed & 2) !== 0,
      cookieJar: (packed & 1) as ValidToken,
      isRevoked: (packed & 8) !== 0,
      hasConcurrentRotation: (packed & 4) !== 0,
    };
    const reach = (event: number, next: Row, messagesAfter = messages) =>
      visitor.reach(event, packRow(next), messageSet.withSends(messagesAfter, next.cookieJar));

    WRITES.forEach((write, of) => {
      for (const age of messageSet.ages(messages, messageSet.decided[write])) perform(write, of, age);
    });
    // After a revocation only writes that were judged before it matter.
    if (row.isRevoked || row.hasConcurrentRotation) return;
    reach(pack("revoke"), { ...row, isRevoked: true });
    const handedAge = Math.min(row.handedAge + 1, oldest);
    const rotatedAge = Math.min(row.rotatedAge + 1, oldestRotated);
    reach(pack("tick"), { ...row, handedAge, rotatedAge }, messageSet.aged(messages));
    for (const token of [CURRENT, PREVIOUS] as const) {
      for (const age of messageSet.ages(messages, messageSet.responses[token])) {
        if (token !== row.cookieJar) reach(pack("receive", token, age), { ...row, cookieJar: token });
      }
      for (const age of messageSet.ages(messages, messageSet.arrived[token])) read(token, age);
    }

    function read(presented: ValidToken, age: number) {
      const verdict = judge({
        presented,
        handedAge: Math.max(row.handedAge - age, 0),
        rotatedAge: Math.max(row.rotatedAge - age, 0),
        hasPrevious: row.hasPrevious,
        isSameBrowser: true,
        isRevoked: false,
      });
      if (verdict === "fresh") return;
      if (!isWrite(verdict)) return visitor.violates(pack("read", presented, age), 1);
      reach(
        pack("read", presented, age, WRITES.indexOf(verdict)),
        row,
        messageSet.with(messages, messageSet.decided[verdict], age),
      );
    }

    function perform(write: Write, of: number, age: number) {
      // A request that shares the refresh may have just arrived, so its response has age 0. An abandoned write has no response.
      const withResponse = (messagesAfter: number) =>
        age > work
          ? messagesAfter
          : messageSet.with(messagesAfter, messageSet.responses[CURRENT], bounds.sharesRefreshes ? 0 : age);
      const event = pack("write", of, age);
      if (row.isRevoked) return bounds.comparesRevocation ? undefined : visitor.violates(event, 4);
      if (row.hasConcurrentRotation && bounds.onConflict === "write anyway") return visitor.violates(event, 2);
      if (row.hasConcurrentRotation)
        return visitor.violates(pack("write", of, age, 0, FINAL_CAUSES.indexOf("refused")), 1);
      if (write === "reissue") {
        const reissuedAge = Math.min(row.handedAge, age);
        const changesRow = bounds.comparesHandedAt && reissuedAge !== row.handedAge;
        return reach(
          event,
          { ...row, handedAge: reissuedAge },
          withResponse(changesRow ? messageSet.requeued(messages) : messages),
        );
      }
      const invalidated = write === "rotate" ? PREVIOUS : CURRENT;
      const after = messageSet.withStatuses(messageSet.requeued(messages), write);
      const result = row.cookieJar === invalidated ? "cookie jar" : after;
      // Whatever carries an invalid token may be next: the request is judged, or the response received and its token used.
      if (typeof result === "string")
        return visitor.violates(pack("write", of, age, 0, FINAL_CAUSES.indexOf(result)), 1);
      const next: Row = { ...row, handedAge: age, rotatedAge: age, hasPrevious: true, cookieJar: PREVIOUS };
      if (bounds.onConflict === "read again") return reach(event, next, withResponse(result));
      reach(event, { ...next, hasConcurrentRotation: true }, withResponse(result) | messageSet.rotating(messages));
    }
  }

  const initial: Row = {
    handedAge: 0,
    rotatedAge: 0,
    hasPrevious: false,
    cookieJar: CURRENT,
    isRevoked: false,
    hasConcurrentRotation: false,
  };
  return { initial: { row: packRow(initial), messages: messageSet.withSends(0, CURRENT) }, expand };
}
