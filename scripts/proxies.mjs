import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { canInstall, install } from "./apt.mjs";
import { readOutput } from "./command.mjs";
import { UserError } from "./user-error.mjs";

/** What each program belongs to in Debian. */
const PACKAGES = {
  caddy: "caddy",
  nginx: "nginx",
  haproxy: "haproxy",
  certutil: "libnss3-tools",
  ip: "iproute2",
};

/** Asked before a package starts what it has brought along: 101 forbids it. */
const START_POLICY = "/usr/sbin/policy-rc.d";

/**
 * Sees to it that these programs are there.
 * @param {(keyof typeof PACKAGES)[]} names
 * @param {(detail: string) => void} onProgress
 */
export async function providePrograms(names, onProgress) {
  const missing = await findMissing(names);
  if (missing.length === 0) return onProgress(names.join(", "));
  const packages = missing.map((name) => PACKAGES[name]);
  const wanted = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} needed and not installed.`;
  if (!canInstall())
    throw new UserError(
      `${wanted} Install ${packages.join(", ")}, or run this as root on Debian: they are installed for you.`,
    );
  onProgress(`apt-get install ${packages.join(" ")}`);
  await withoutStartingServices(() => install(packages));
  // We run them ourselves, and nobody asked for a web server at the next boot.
  await readOutput("systemctl", ["disable", ...missing]);
  const still = await findMissing(missing);
  if (still.length > 0) throw new UserError(`${still.join(", ")} did not come with ${packages.join(", ")}.`);
  onProgress(`${names.join(", ")}; installed ${packages.join(", ")} just now`);
}

/** @param {(keyof typeof PACKAGES)[]} names */
async function findMissing(names) {
  const found = await Promise.all(names.map((name) => readOutput("sh", ["-c", 'command -v "$0"', name])));
  return names.filter((_, at) => found[at] === null);
}

/** @param {() => Promise<unknown>} work */
async function withoutStartingServices(work) {
  if (existsSync(START_POLICY)) return work();
  writeFileSync(START_POLICY, "#!/bin/sh\nexit 101\n");
  chmodSync(START_POLICY, 0o755);
  try {
    await work();
  } finally {
    rmSync(START_POLICY, { force: true });
  }
}
