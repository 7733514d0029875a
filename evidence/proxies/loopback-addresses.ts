import { execFileSync } from "node:child_process";

const added: string[] = [];

/** Whether IPv6 addresses can be added to the loopback interface. */
export function canAddLoopbackAddresses(): boolean {
  try {
    addLoopbackAddress("2001:db8:0:ffff::1");
    return true;
  } catch {
    return false;
  }
}

/** Adds an IPv6 address to the loopback interface, until `removeLoopbackAddresses`. */
export function addLoopbackAddress(address: string): void {
  if (added.includes(address)) return;
  // Duplicate address detection is unnecessary on the loopback interface.
  ip("replace", address, "nodad");
  added.push(address);
}

export function removeLoopbackAddresses(): void {
  for (const address of added.splice(0)) ip("del", address);
}

function ip(verb: "replace" | "del", address: string, ...more: string[]): void {
  execFileSync("ip", ["-6", "addr", verb, `${address}/128`, "dev", "lo", ...more], { stdio: "pipe" });
}
