import { authCalls } from "./auth-client";
import { describeFailure } from "./failure";
import { withStorage } from "./tab-storage";

const KEY = "portcullis-unfinished-logout";
const KEPT_AT_MOST = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Keeps the end token of a logout that waits for the database, for every tab and past a restart of the browser. */
export function rememberUnfinishedLogout(endToken: string): void {
  store([...unfinishedLogouts(), endToken].slice(-KEPT_AT_MOST));
}

export function unfinishedLogouts(): string[] {
  return (
    withStorage("localStorage", (storage) => storage.getItem(KEY))
      ?.split(" ")
      .filter(Boolean) ?? []
  );
}

/** Repeats them until the server has ended their sessions. Resolves when none is left, or `signal` aborts. */
export async function finishLogouts(signal: AbortSignal, onFailure: () => void): Promise<void> {
  for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
    for (const endToken of unfinishedLogouts()) {
      if (await isFinished(endToken)) store(unfinishedLogouts().filter((one) => one !== endToken));
    }
    if (unfinishedLogouts().length === 0) return;
    onFailure();
    await waitFor(wait, signal);
  }
}

async function isFinished(endToken: string): Promise<boolean> {
  try {
    await authCalls.auth.logout.mutate({ endToken });
    return true;
  } catch (error) {
    // A token that the server does not know, after its secret was changed twice, would be repeated for ever.
    return describeFailure(error).reason === "BAD_INPUT";
  }
}

function store(endTokens: string[]): void {
  withStorage("localStorage", (storage) => {
    if (endTokens.length === 0) storage.removeItem(KEY);
    else storage.setItem(KEY, endTokens.join(" "));
  });
}

function waitFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
