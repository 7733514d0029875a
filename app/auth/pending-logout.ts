import { authClient } from "./auth-client";
import { describeFailure } from "./failure";
import { withStorage } from "./tab-storage";

const KEY = "portcullis-unfinished-logout";
const MAX_PENDING = 5;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;

/** Stores the end token of a pending logout for all tabs, also across restarts of the browser. */
export function storePendingLogout(endToken: string): void {
  store([...pendingLogouts(), endToken].slice(-MAX_PENDING));
}

export function pendingLogouts(): string[] {
  return (
    withStorage("localStorage", (storage) => storage.getItem(KEY))
      ?.split(" ")
      .filter(Boolean) ?? []
  );
}

/** Retries pending logouts until the server has ended their sessions. Resolves when none is left or `signal` aborts. */
export async function completePendingLogouts(signal: AbortSignal, onFailure: () => void): Promise<void> {
  for (let wait = FIRST_DELAY_MS; !signal.aborted; wait = Math.min(MAX_DELAY_MS, wait * 2)) {
    for (const endToken of pendingLogouts()) {
      if (await completeLogout(endToken)) store(pendingLogouts().filter((one) => one !== endToken));
    }
    if (pendingLogouts().length === 0) return;
    onFailure();
    await delay(wait, signal);
  }
}

async function completeLogout(endToken: string): Promise<boolean> {
  try {
    await authClient.auth.logout.mutate({ endToken });
    return true;
  } catch (error) {
    // The server rejects a token whose secret was rotated twice: drop it, or it would be retried forever.
    return describeFailure(error).reason === "BAD_INPUT";
  }
}

function store(endTokens: string[]): void {
  withStorage("localStorage", (storage) => {
    if (endTokens.length === 0) storage.removeItem(KEY);
    else storage.setItem(KEY, endTokens.join(" "));
  });
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
