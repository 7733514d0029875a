import { WRITES } from "./message-set";
import { unpackInterleavingEvent, FINAL_CAUSES, type InterleavingEvent } from "./interleaving-events";
import { OUTCOMES } from "./invariants";
import { CURRENT, PREVIOUS } from "./policy";
import type { Invariant } from "./search";

/** Writes a counterexample in words. Requests have no names in this model: the `now` of their verdict identifies them. */
export function formatInterleaving(events: number[], invariant: Invariant): string[] {
  const lines: string[] = [];
  const tokens = [0, -1];
  let issuedCount = 0;
  let time = 0;
  let lastWrittenAt = -1;
  for (const event of events.map(unpackInterleavingEvent)) {
    if (event.kind === "tick") {
      time++;
      continue;
    }
    const sentence = sentenceOf(event);
    if (lastWrittenAt === time) lines.push(`${lines.pop()} ${sentence}`);
    else lines.push(`t=${time}: ${sentence}`);
    lastWrittenAt = time;
  }
  return [...lines.slice(0, -1), `${lines[lines.length - 1]} ${OUTCOMES[invariant]}`];

  function sentenceOf({ kind, of, age, verdict, cause }: InterleavingEvent): string {
    if (kind === "revoke") return "The session is revoked.";
    const judged = `now=${time - age}`;
    if (kind === "receive") return `A response arrives: the cookie jar holds T${tokens[of]}.`;
    if (kind === "read")
      return `A request with T${tokens[of]} and ${judged} reads the row: ${WRITES[verdict] ?? "replayed"}.`;
    const write = WRITES[of]!;
    if (FINAL_CAUSES[cause] === "refused") return `The ${write} with ${judged} finds the row changed and is refused.`;
    if (write === "reissue") return `The reissue with ${judged} is written: T${tokens[CURRENT]} again.`;
    const invalidated = tokens[write === "rotate" ? PREVIOUS : CURRENT];
    if (write === "rotate") tokens[PREVIOUS] = tokens[CURRENT]!;
    tokens[CURRENT] = ++issuedCount;
    const written = `The ${write} with ${judged} is written: T${issuedCount}.`;
    if (cause === 0) return written;
    const where =
      FINAL_CAUSES[cause] === "cookie jar"
        ? "in the cookie jar"
        : `in ${FINAL_CAUSES[cause] === "response" ? "a response" : "a request"} in flight`;
    return `${written} T${invalidated} is invalid and still ${where}.`;
  }
}
