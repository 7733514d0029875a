import { decodedPath, setCookiesOf, type Exchange } from "@/evidence/fuzz/exchange";
import type { ParsedResponse } from "@/evidence/fuzz/http-response-parser";
import { decodeJson } from "@/evidence/fuzz/tampering";

const SESSION_COOKIE = /^__(acc|ref)=[\w.-]*; Path=\/; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/;

/** Reports a malformed Set-Cookie, or one that belongs to another session or user. */
export function checkSetCookies(response: ParsedResponse, { user, bystander, rendered }: Exchange): string | null {
  for (const cookie of setCookiesOf(response)) {
    if (!SESSION_COOKIE.test(cookie)) return `an unexpected cookie: ${cookie}`;
    if (clearsCookie(cookie)) continue;
    const { sid, sub } = decodeJson(cookie.split("=")[1]?.split(".")[1] ?? "");
    const isOfRequest = [user, bystander].some((one) => sid === one.sessionId && hasTokenOf(rendered.text, one));
    const isReplaced =
      decodedPath(rendered).includes("users.changePassword") &&
      [user, bystander].some((one) => (sub === undefined || sub === one.userId) && hasTokenOf(rendered.text, one));
    if (!isOfRequest && !isReplaced && !opensSession(response, String(sid)))
      return `a cookie of session ${sid}, user ${sub}`;
  }
  return null;
}

export function clearsCookie(cookie: string): boolean {
  return /^[\w-]+=;/.test(cookie) && cookie.endsWith("Max-Age=0");
}

function hasTokenOf(text: string, one: { access: string; refresh: string }): boolean {
  return text.includes(one.access) || text.includes(one.refresh);
}

/** Whether the response body reports that it opened this session. */
function opensSession({ status, body }: ParsedResponse, sessionId: string): boolean {
  return (status === 200 || status === 207) && body.includes(`"session":{"id":"${sessionId}"`);
}
