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

/** Whether this is a Debian or Ubuntu on which we may install. */
export function canInstall() {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") && existsSync("/usr/bin/apt-get");
}

/** @param {string} name  @returns {Promise<string | null>} the version that would be installed */
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

/** apt waits for another's lock on packages, but not for one on lists or downloads. @param {() => Promise<unknown>} work */
function serialize(work) {
  const mine = previous.then(work, work);
  previous = mine;
  return mine;
}

/** @param {string[]} args  @param {string} what */
function aptGet(args, what) {
  return runOrThrow("apt-get", [...OPTIONS, ...args], { log: join(DATA, "logs", `apt-${what}.log`), env });
}
