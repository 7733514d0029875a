import type { SignedIn } from "@/server/auth/policy/credentials";
import { authCalls } from "./auth-client";
import { CookiesNotKept, describeFailure } from "./failure";
import { withStorage } from "./tab-storage";

const KEY = "portcullis-opened";
const TRIAL = "portcullis-trial";
/** A guest page that opens later than this after a login shows another end of the session. */
const LATE_MS = 30_000;

/**
 * Opens a session, and makes sure that this browser keeps its cookies. Throws `CookiesNotKept` if not, and ends the session again:
 * otherwise the login page would come back without a word, and each try would leave a session that nobody holds.
 */
export async function openSession(open: () => Promise<SignedIn & { endToken?: string }>): Promise<SignedIn> {
  if (!keepsCookies()) throw new CookiesNotKept();
  const signedIn = await open();
  const { endToken } = signedIn;
  if (endToken !== undefined) {
    if (!(await isKept(endToken))) throw new CookiesNotKept();
    withStorage("sessionStorage", (storage) => storage.setItem(KEY, `${Date.now()} ${endToken}`));
  }
  return signedIn;
}

/** Whether cookies are allowed. Only a trial tells: where they are blocked for one site, `navigator.cookieEnabled` stays true. */
export function keepsCookies(): boolean {
  try {
    document.cookie = `${TRIAL}=1; SameSite=Strict; Max-Age=10`;
    const isKept = document.cookie.split("; ").includes(`${TRIAL}=1`);
    document.cookie = `${TRIAL}=; SameSite=Strict; Max-Age=0`;
    return isKept;
  } catch {
    // A sandboxed document may not even name them.
    return false;
  }
}

/** A private page has opened: the cookies were kept. */
export function forgetOpening(): void {
  withStorage("sessionStorage", (storage) => storage.removeItem(KEY));
}

/** On a guest page: true if this tab has just signed in and its cookies are gone again. Ends the session that they were for. */
export async function lostCookiesAfterLogin(): Promise<boolean> {
  const [openedAt, endToken] = withStorage("sessionStorage", (storage) => storage.getItem(KEY))?.split(" ") ?? [];
  forgetOpening();
  if (endToken === undefined || Date.now() - Number(openedAt) > LATE_MS) return false;
  return !(await isKept(endToken));
}

/** Ends the session unless this browser holds its refresh cookie. */
async function isKept(endToken: string): Promise<boolean> {
  try {
    const answer = await authCalls.auth.logout.mutate({ endToken });
    return "kept" in answer && answer.kept;
  } catch (error) {
    // With an end token it was not kept, and will end when the database answers. Without one nobody knows: the next page tells.
    return describeFailure(error).endToken === undefined;
  }
}
