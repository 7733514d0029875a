import { existsSync } from "node:fs";
import { join } from "node:path";
import { readOutput, runOrThrow } from "./command.mjs";
import { DATA } from "./paths.mjs";

const OPTIONS = ["-y", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=2"];
const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
/** @type {Promise<unknown>} */
let previous = Promise.resolve();
/** @type {Promise<unknown> | undefined} */
let updated;

/** Whether this is Debian or Ubuntu and the user is root. */
export function canInstall() {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") && existsSync("/usr/bin/apt-get");
}

/** @param {string} name  @returns {Promise<string | null>} the version that apt-get would install */
export async function findCandidateVersion(name) {
  await updateLists();
  const policy = await readOutput("apt-cache", ["policy", name]);
  const version = /Candidate: (\S+)/.exec(policy ?? "")?.[1];
  return version === undefined || version === "(none)" ? null : version;
}

/** @param {string[]} names */
export async function install(names) {
  await updateLists();
  await serialize(() => aptGet(["install", "--no-install-recommends", ...names], `install-${names[0]}`));
}

function updateLists() {
  return (updated ??= serialize(() => aptGet(["update"], "update")));
}

/** Runs one apt-get at a time: DPkg::Lock::Timeout does not cover the locks on package lists and downloads. @param {() => Promise<unknown>} work */
function serialize(work) {
  const mine = previous.then(work, work);
  previous = mine;
  return mine;
}

/** @param {string[]} args  @param {string} what */
function aptGet(args, what) {
  return runOrThrow("apt-get", [...OPTIONS, ...args], { log: join(DATA, "logs", `apt-${what}.log`), env });
}
