import { WRITES } from "./message-set";
import { unpackInterleavingEvent, LAST_USES, type InterleavingEvent } from "./interleaving-events";
import { OUTCOMES } from "./invariants";
import { CURRENT, PREVIOUS } from "./policy";
import type { Invariant } from "./search";

/** A counter-example of the crowd in words. Requests have no names there: they are told apart by the instant they are judged by. */
export function formatInterleaving(events: number[], invariant: Invariant): string[] {
  const lines: string[] = [];
  const tokens = [0, -1];
  let made = 0;
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

  function sentenceOf({ kind, of, age, verdict, lastUse }: InterleavingEvent): string {
    if (kind === "revoke") return "The session is revoked.";
    const now = `judged by t=${time - age}`;
    if (kind === "receive") return `An answer arrives: the jar holds T${tokens[of]}.`;
    if (kind === "read")
      return `A request with T${tokens[of]}, ${now}, reads the row: ${WRITES[verdict] ?? "replayed"}.`;
    const write = WRITES[of]!;
    if (LAST_USES[lastUse] === "refused") return `The ${write} ${now} finds the row changed, and is refused.`;
    if (write === "reissue") return `The reissue ${now} is written: T${tokens[CURRENT]} once more.`;
    const invalidated = tokens[write === "rotate" ? PREVIOUS : CURRENT];
    if (write === "rotate") tokens[PREVIOUS] = tokens[CURRENT]!;
    tokens[CURRENT] = ++made;
    const written = `The ${write} ${now} is written: T${made}.`;
    if (lastUse === 0) return written;
    const where =
      LAST_USES[lastUse] === "jar"
        ? "in the jar"
        : `in ${LAST_USES[lastUse] === "response" ? "an answer" : "a request"} on its way`;
    return `${written} T${invalidated} is dead, and still ${where}.`;
  }
}
