import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Tally } from "./results";

/** What the instances themselves say they did: their log lines are the only witness of a work whose reply was lost. */
export async function readLogs(files: readonly string[], tally: Tally): Promise<void> {
  /** Who made which generation of which session: there is one maker, whatever raced. */
  const made = new Set<string>();
  for (const file of files.filter(existsSync)) {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      // Nine in ten are the plain lines of requests.
      if (text.includes('"msg":"request"')) continue;
      const line = parse(text);
      if (line === null) continue;
      count(line, tally);
      if (line.event !== "token-rotated" && line.event !== "session-recovered") continue;
      const key = `${line.sessionId} ${line.generation}`;
      tally.expect(
        "one lineage",
        !made.has(key),
        () => `generation ${line.generation} of ${line.sessionId} was made twice`,
      );
      made.add(key);
    }
  }
}

const COUNTED: Record<string, string> = {
  "token-rotated": "rotations",
  "token-reissued": "reissues",
  "session-recovered": "late recoveries",
  "session-replayed": "replays noticed",
};

interface Line {
  level?: string;
  msg?: string;
  event?: string;
  sessionId?: string;
  generation?: number;
  reason?: string;
  err?: { message?: string; code?: string };
}

function count(line: Line, tally: Tally): void {
  const name = COUNTED[line.event ?? ""];
  if (name !== undefined) tally.add(name);
  const isFault = line.event === undefined && (line.level === "error" || line.level === "fatal");
  if (!isFault) return;
  tally.complain("no fault", `in the log: ${line.msg}: ${line.err?.code ?? ""} ${line.err?.message ?? ""}`);
}

/** The last line of a process that was killed may be half a line. */
function parse(text: string): Line | null {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return null;
  }
}
