import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Identifies a running process by its id and start time, because ids are reused.
 * @param {number} pid
 * @returns {string | null} null if there is no such process; a zombie counts as none
 */
export function identify(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const started = process.platform === "linux" ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return started === null ? null : `${pid}@${started}`;
}

/** @param {string} identity from identify() */
export function isRunning(identity) {
  return identity !== "" && identify(pidOf(identity)) === identity;
}

/** @param {string} identity */
export function pidOf(identity) {
  return Number.parseInt(identity, 10);
}

/**
 * The npm process that started this one, and the shell that npm may have used.
 * @returns {string[]} identities; empty without npm
 */
export function identifyNpmProcesses() {
  if (process.env.npm_lifecycle_event === undefined) return [];
  const parent = process.ppid;
  const { name, ppid } = describe(parent);
  return [parent, ...(/^(sh|bash|dash|ash|zsh)$/.test(name) ? [ppid] : [])].flatMap((pid) => identify(pid) ?? []);
}

/** @param {number} pid */
function describe(pid) {
  try {
    if (process.platform === "linux") {
      const [, name = "", ppid] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      return { ppid: Number(ppid), name };
    }
    const [ppid = "", ...name] = execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(/\s+/);
    return { ppid: Number(ppid), name: name.join(" ").replace(/^.*\/|^-/, "") };
  } catch {
    return { ppid: 0, name: "" };
  }
}

/** @param {string} identity  @param {number} seconds  @returns {Promise<boolean>} whether it has exited */
export async function waitForExit(identity, seconds) {
  const deadline = Date.now() + seconds * 1000;
  while (isRunning(identity)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return true;
}

/** @param {number} pid */
function startTimeFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): the second field is the program's name, which may contain spaces and parentheses.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [threads, started] = [Number(rest[16]), rest[18]];
    // The main thread of a killed server may be a zombie while other threads still hold its files.
    return state === "Z" && threads <= 1 ? null : (started ?? null);
  } catch {
    return null;
  }
}

/** @param {number} pid */
function startTimeFromPs(pid) {
  try {
    const [state, ...started] = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith("Z") ? null : started.join("-");
  } catch {
    return null;
  }
}
