import { plainPath, setCookiesOf, type Facts } from "@/evidence/fuzz/exchange";
import type { HttpAnswer } from "@/evidence/fuzz/http-response-parser";
import { decode } from "@/evidence/fuzz/tampering";

const OURS = /^__(acc|ref)=[\w.-]*; Path=\/; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/;

/** A cookie that is not ours in form, or somebody else's in substance. */
export function complaintAboutCookies(answer: HttpAnswer, { person, bystander, sent }: Facts): string | null {
  for (const cookie of setCookiesOf(answer)) {
    if (!OURS.test(cookie)) return `an odd cookie: ${cookie}`;
    if (isClearing(cookie)) continue;
    const { sid, sub } = decode(cookie.split("=")[1]?.split(".")[1] ?? "");
    const isAsked = [person, bystander].some((one) => sid === one.sessionId && hasTokenOf(sent.text, one));
    const isReplaced =
      plainPath(sent).includes("users.changePassword") &&
      [person, bystander].some((one) => (sub === undefined || sub === one.userId) && hasTokenOf(sent.text, one));
    if (!isAsked && !isReplaced && !isOpenedHere(answer, String(sid))) return `a cookie of session ${sid}, user ${sub}`;
  }
  return null;
}

export function isClearing(cookie: string): boolean {
  return /^[\w-]+=;/.test(cookie) && cookie.endsWith("Max-Age=0");
}

function hasTokenOf(text: string, one: { access: string; refresh: string }): boolean {
  return text.includes(one.access) || text.includes(one.refresh);
}

/** Whether this very answer says that it opened the session. */
function isOpenedHere({ status, body }: HttpAnswer, sessionId: string): boolean {
  return (status === 200 || status === 207) && body.includes(`"session":{"id":"${sessionId}"`);
}
