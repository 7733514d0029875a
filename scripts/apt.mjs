import { existsSync } from "node:fs";
import { join } from "node:path";
import { ask, mustRun } from "./command.mjs";
import { DATA } from "./paths.mjs";

const OPTIONS = ["-y", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=2"];
const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
/** @type {Promise<unknown>} */
let turn = Promise.resolve();
/** @type {Promise<unknown> | undefined} */
let updated;

/** Whether this is a Debian or Ubuntu on which we may install. */
export function canInstall() {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") && existsSync("/usr/bin/apt-get");
}

/** @param {string} name  @returns {Promise<string | null>} the version that would be installed */
export async function findCandidate(name) {
  await updateLists();
  const policy = await ask("apt-cache", ["policy", name]);
  const version = /Candidate: (\S+)/.exec(policy ?? "")?.[1];
  return version === undefined || version === "(none)" ? null : version;
}

/** @param {string[]} names */
export async function install(names) {
  await updateLists();
  await inTurn(() => aptGet(["install", "--no-install-recommends", ...names], `install-${names[0]}`));
}

function updateLists() {
  return (updated ??= inTurn(() => aptGet(["update"], "update")));
}

/** apt waits for another's lock on packages, but not for one on lists or downloads. @param {() => Promise<unknown>} work */
function inTurn(work) {
  const mine = turn.then(work, work);
  turn = mine;
  return mine;
}

/** @param {string[]} args  @param {string} what */
function aptGet(args, what) {
  return mustRun("apt-get", [...OPTIONS, ...args], { log: join(DATA, "logs", `apt-${what}.log`), env });
}
