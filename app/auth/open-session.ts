import { authClient } from "./auth-client";
import { CookiesNotKept, describeFailure } from "./failure";
import { withStorage } from "./tab-storage";

const MARKER_KEY = "portcullis-opened";
const TEST_COOKIE = "portcullis-trial";
/** After this long a return to a guest page has another cause than lost cookies. */
const MARKER_MAX_AGE_MS = 30_000;

/**
 * Opens a session and checks that the browser stored its cookies. If not, ends the session and throws `CookiesNotKept`: otherwise the
 * login page would reappear without a message, and each attempt would leave an orphaned session.
 */
export async function openSession<Response extends object>(open: () => Promise<Response>): Promise<Response> {
  if (!acceptsCookies()) throw new CookiesNotKept();
  const response = await open();
  // Absent in the response of a login that asks for a second factor: no session was opened.
  const endToken = "endToken" in response ? response.endToken : undefined;
  if (typeof endToken === "string") {
    if (!(await isRefreshCookieStored(endToken))) throw new CookiesNotKept();
    withStorage("sessionStorage", (storage) => storage.setItem(MARKER_KEY, `${Date.now()} ${endToken}`));
  }
  return response;
}

/** Tests by writing a cookie, because `navigator.cookieEnabled` stays true if cookies are blocked for this site only. */
export function acceptsCookies(): boolean {
  try {
    document.cookie = `${TEST_COOKIE}=1; SameSite=Strict; Max-Age=10`;
    const isStored = document.cookie.split("; ").includes(`${TEST_COOKIE}=1`);
    document.cookie = `${TEST_COOKIE}=; SameSite=Strict; Max-Age=0`;
    return isStored;
  } catch {
    // In a sandboxed document reading document.cookie throws.
    return false;
  }
}

/** Called on a private page, which proves that the cookies were stored. */
export function clearLoginMarker(): void {
  withStorage("sessionStorage", (storage) => storage.removeItem(MARKER_KEY));
}

/** On a guest page: true if this tab has just signed in and lost its cookies. Ends that session. */
export async function lostCookiesAfterLogin(): Promise<boolean> {
  const [openedAt, endToken] =
    withStorage("sessionStorage", (storage) => storage.getItem(MARKER_KEY))?.split(" ") ?? [];
  clearLoginMarker();
  if (endToken === undefined || Date.now() - Number(openedAt) > MARKER_MAX_AGE_MS) return false;
  return !(await isRefreshCookieStored(endToken));
}

/** Ends the session unless the request contains its refresh cookie. */
async function isRefreshCookieStored(endToken: string): Promise<boolean> {
  try {
    const answer = await authClient.auth.logout.mutate({ endToken });
    return "kept" in answer && answer.kept;
  } catch (error) {
    // An end token in the error means that the cookie is missing and the logout is pending; otherwise assume that it is stored.
    return describeFailure(error).endToken === undefined;
  }
}
