import { execFileSync } from "node:child_process";

const taken: string[] = [];

/** Whether this machine speaks IPv6 and lets us give it addresses. */
export function canAddLoopbackAddresses(): boolean {
  try {
    addLoopbackAddress("2001:db8:0:ffff::1");
    return true;
  } catch {
    return false;
  }
}

/** Gives this machine one more IPv6 address to send from, until `returnAddresses`. */
export function addLoopbackAddress(address: string): void {
  if (taken.includes(address)) return;
  // On the loopback interface nobody else can have it: there is no need to ask around first.
  ip("replace", address, "nodad");
  taken.push(address);
}

export function removeLoopbackAddresses(): void {
  for (const address of taken.splice(0)) ip("del", address);
}

function ip(verb: "replace" | "del", address: string, ...more: string[]): void {
  execFileSync("ip", ["-6", "addr", verb, `${address}/128`, "dev", "lo", ...more], { stdio: "pipe" });
}
