import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Results } from "./results";

/**
 * Counts the session events in the log files: of a rotation whose response was lost the log is the only record. A database that
 * loses commits creates a generation again, with the same token.
 */
export async function checkLogs(files: readonly string[], results: Results, losesCommits = false): Promise<void> {
  /** Session and generation of every rotation: each generation is created once. */
  const created = new Set<string>();
  for (const file of files.filter(existsSync)) {
    for await (const text of createInterface({ input: createReadStream(file) })) {
      // Most lines are request lines; skipping them saves parsing.
      if (text.includes('"msg":"request"')) continue;
      const line = parse(text);
      if (line === null) continue;
      countEvent(line, results);
      if (line.event !== "token-rotated" && line.event !== "session-recovered") continue;
      const key = `${line.sessionId} ${line.generation}`;
      results.check(
        "one token family",
        losesCommits || !created.has(key),
        () => `generation ${line.generation} of ${line.sessionId} was created twice`,
      );
      created.add(key);
    }
  }
}

const COUNTED_EVENTS: Record<string, string> = {
  "token-rotated": "rotations",
  "token-reissued": "reissues",
  "session-recovered": "late recoveries",
  "session-ahead": "tokens ahead",
  "session-replayed": "replays detected",
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
  results.reportViolation("no errors", `in the log: ${line.msg}: ${line.err?.code ?? ""} ${line.err?.message ?? ""}`);
}

/** Null for an incomplete line, such as the last one of a killed process. */
function parse(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}
