import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Results } from "./results";

/** What the instances themselves say they did: their log lines are the only witness of a work whose reply was lost. */
export async function checkLogs(files: readonly string[], results: Results): Promise<void> {
  /** Who made which generation of which session: there is one maker, whatever raced. */
  const made = new Set<string>();
  for (const file of files.filter(existsSync)) {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      // Nine in ten are the plain lines of requests.
      if (text.includes('"msg":"request"')) continue;
      const line = parse(text);
      if (line === null) continue;
      countEvent(line, results);
      if (line.event !== "token-rotated" && line.event !== "session-recovered") continue;
      const key = `${line.sessionId} ${line.generation}`;
      results.check(
        "one lineage",
        !made.has(key),
        () => `generation ${line.generation} of ${line.sessionId} was made twice`,
      );
      made.add(key);
    }
  }
}

const COUNTED_EVENTS: Record<string, string> = {
  "token-rotated": "rotations",
  "token-reissued": "reissues",
  "session-recovered": "late recoveries",
  "session-replayed": "replays noticed",
};

interface LogLine {
  level?: string;
  msg?: string;
  event?: string;
  sessionId?: string;
  generation?: number;
  reason?: string;
  err?: { message?: string; code?: string };
}

function countEvent(line: LogLine, results: Results): void {
  const name = COUNTED_EVENTS[line.event ?? ""];
  if (name !== undefined) results.count(name);
  const isFault = line.event === undefined && (line.level === "error" || line.level === "fatal");
  if (!isFault) return;
  results.reportViolation("no fault", `in the log: ${line.msg}: ${line.err?.code ?? ""} ${line.err?.message ?? ""}`);
}

/** The last line of a process that was killed may be half a line. */
function parse(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}
