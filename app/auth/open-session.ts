import type { SignedIn } from "@/server/auth/policy/credentials";
import { authClient } from "./auth-client";
import { CookiesNotKept, describeFailure } from "./failure";
import { withStorage } from "./tab-storage";

const MARKER_KEY = "portcullis-opened";
const TEST_COOKIE = "portcullis-trial";
/** A guest page that opens later than this after a login shows another end of the session. */
const MARKER_MAX_AGE_MS = 30_000;

/**
 * Opens a session, and makes sure that this browser keeps its cookies. Throws `CookiesNotKept` if not, and ends the session again:
 * otherwise the login page would come back without a word, and each try would leave a session that nobody holds.
 */
export async function openSession(open: () => Promise<SignedIn & { endToken?: string }>): Promise<SignedIn> {
  if (!acceptsCookies()) throw new CookiesNotKept();
  const signedIn = await open();
  const { endToken } = signedIn;
  if (endToken !== undefined) {
    if (!(await isRefreshCookieStored(endToken))) throw new CookiesNotKept();
    withStorage("sessionStorage", (storage) => storage.setItem(MARKER_KEY, `${Date.now()} ${endToken}`));
  }
  return signedIn;
}

/** Whether cookies are allowed. Only a trial tells: where they are blocked for one site, `navigator.cookieEnabled` stays true. */
export function acceptsCookies(): boolean {
  try {
    document.cookie = `${TEST_COOKIE}=1; SameSite=Strict; Max-Age=10`;
    const isStored = document.cookie.split("; ").includes(`${TEST_COOKIE}=1`);
    document.cookie = `${TEST_COOKIE}=; SameSite=Strict; Max-Age=0`;
    return isStored;
  } catch {
    // A sandboxed document may not even name them.
    return false;
  }
}

/** A private page has opened: the cookies were kept. */
export function clearLoginMarker(): void {
  withStorage("sessionStorage", (storage) => storage.removeItem(MARKER_KEY));
}

/** On a guest page: true if this tab has just signed in and its cookies are gone again. Ends the session that they were for. */
export async function lostCookiesAfterLogin(): Promise<boolean> {
  const [openedAt, endToken] =
    withStorage("sessionStorage", (storage) => storage.getItem(MARKER_KEY))?.split(" ") ?? [];
  clearLoginMarker();
  if (endToken === undefined || Date.now() - Number(openedAt) > MARKER_MAX_AGE_MS) return false;
  return !(await isRefreshCookieStored(endToken));
}

/** Ends the session unless this browser holds its refresh cookie. */
async function isRefreshCookieStored(endToken: string): Promise<boolean> {
  try {
    const answer = await authClient.auth.logout.mutate({ endToken });
    return "kept" in answer && answer.kept;
  } catch (error) {
    // With an end token it was not kept, and will end when the database answers. Without one nobody knows: the next page tells.
    return describeFailure(error).endToken === undefined;
  }
}
