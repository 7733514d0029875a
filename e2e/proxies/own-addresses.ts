import { execFileSync } from "node:child_process";

const taken: string[] = [];

/** Whether this machine speaks IPv6 and lets us give it addresses. */
export function canTakeAddresses(): boolean {
  try {
    takeAddress("2001:db8:0:ffff::1");
    return true;
  } catch {
    return false;
  }
}

/** Gives this machine one more IPv6 address to send from, until `returnAddresses`. */
export function takeAddress(address: string): void {
  if (taken.includes(address)) return;
  ip("replace", address);
  taken.push(address);
}

export function returnAddresses(): void {
  for (const address of taken.splice(0)) ip("del", address);
}

function ip(verb: "replace" | "del", address: string): void {
  execFileSync(
    "ip",
    ["-6", "addr", verb, `${address}/128`, "dev", "lo", "nodad"].slice(0, verb === "del" ? -1 : undefined),
    {
      stdio: "pipe",
    },
  );
}
