import { vi } from "vitest";
import { TEST_ENV } from "@/server/runtime/testing-env";
import { truncateUserAgent, describeDevice } from "./client/device";
import type { Client } from "./client/client";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

export const ADA = clientAt("203.0.113.7", FIREFOX);
/** Another network, browser and operating system. */
export const MALLORY = clientAt("198.51.100.66", CHROME);

export function clientAt(address: string, userAgent = FIREFOX): Client {
  return { address, userAgent: truncateUserAgent(userAgent), ...describeDevice(userAgent) };
}

let addresses = 0;

/** A client with an address that no rate limit has counted. */
export function newClient(userAgent = FIREFOX): Client {
  addresses += 1;
  return clientAt(`10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`, userAgent);
}

const SHARED_SYMBOLS = [
  "portcullis.revocation-feed",
  "portcullis.database-loss",
  "portcullis.write-again",
  "portcullis.known-endings",
  "portcullis.bearer-keys",
  "portcullis.hash-limiter",
  "portcullis.database",
  "portcullis.pending-revocations",
  "portcullis.refresh-windows",
  "portcullis.site-windows",
].map((name) => Symbol.for(name));

/**
 * Imports the modules of `load` as in a separate process: they share no module and no state on globalThis with others.
 * `inspect` receives a getter for the state that the instance has put on globalThis.
 */
export async function anotherInstance<Modules>(
  load: () => Promise<Modules>,
  changes: Record<string, string> = {},
  inspect?: (shared: (name: string) => unknown) => void,
): Promise<Modules> {
  const globals = globalThis as Record<symbol, unknown>;
  const kept = SHARED_SYMBOLS.map((symbol) => [symbol, globals[symbol]] as const);
  for (const symbol of SHARED_SYMBOLS) delete globals[symbol];
  Object.assign(process.env, changes);
  vi.resetModules();
  try {
    const modules = await load();
    const { env } = await import("@/server/runtime/env");
    env();
    inspect?.((name) => globals[Symbol.for(name)]);
    return modules;
  } finally {
    vi.resetModules();
    for (const name of Object.keys(changes)) delete process.env[name];
    Object.assign(process.env, TEST_ENV);
    for (const [symbol, value] of kept) {
      if (value === undefined) delete globals[symbol];
      else globals[symbol] = value;
    }
  }
}

/** Processor time of `work` in all threads of this process, independent of other load. Not for concurrent measurements. */
export async function cpuMilliseconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
