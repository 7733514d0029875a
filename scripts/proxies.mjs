import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { canInstall, install } from "./apt.mjs";
import { readOutput } from "./command.mjs";
import { UserError } from "./user-error.mjs";

/** Debian package of each program. */
const PACKAGES = {
  caddy: "caddy",
  nginx: "nginx",
  haproxy: "haproxy",
  certutil: "libnss3-tools",
  ip: "iproute2",
};

/** Debian's policy script: exit code 101 prevents packages from starting their services. */
const START_POLICY = "/usr/sbin/policy-rc.d";

/**
 * Installs these programs if they are missing.
 * @param {(keyof typeof PACKAGES)[]} names
 * @param {(detail: string) => void} onProgress
 */
export async function providePrograms(names, onProgress) {
  const missing = await findMissing(names);
  if (missing.length === 0) return onProgress(names.join(", "));
  const packages = missing.map((name) => PACKAGES[name]);
  const wanted = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} required but not installed.`;
  if (!canInstall())
    throw new UserError(
      `${wanted} Install ${packages.join(", ")}, or run this command as root on Debian, which installs them.`,
    );
  onProgress(`apt-get install ${packages.join(" ")}`);
  await withoutStartingServices(() => install(packages));
  // The tests run the programs themselves: no service should start at boot.
  await readOutput("systemctl", ["disable", ...missing]);
  const still = await findMissing(missing);
  if (still.length > 0) throw new UserError(`${still.join(", ")} not found after installing ${packages.join(", ")}.`);
  onProgress(`${names.join(", ")}; installed ${packages.join(", ")}`);
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
