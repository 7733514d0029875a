import type { Asked } from "./browser-request";
import type { Browser } from "./browser";
import type { Answer } from "@/evidence/http-client";
import { clearsSession } from "@/evidence/cookie-jar";
import { describe, type Reply } from "./browser-outcome";
import type { World } from "./lab";

/** Counts a reply, times it in calm times, and holds against it what no answer may do. */
export function noteReply({ tally, isCalm }: World, asked: Asked, reply: Reply): void {
  tally.add("requests");
  if (reply.kind === "lost") return tally.add(reply.why === "late" ? "replies too late to count" : "lost replies");
  const { answer } = reply;
  if (reply.kind === "unavailable") {
    tally.fail(describe(answer));
    tally.add("told to wait");
  }
  tally.expect("no fault", answer.status !== 500, () => `${asked.path}: ${describe(answer)}`);
  const mayClear = reply.kind === "signed out" || asked.isMutation === true || asked.path.startsWith("/login");
  tally.expect(
    "cookies kept",
    mayClear || !clearsSession(answer.setCookies),
    () => `${asked.path}: ${describe(answer)}`,
  );
  if (reply.kind !== "fine" || asked.fate !== undefined || asked.isMutation || !isCalm) return;
  if (answer.setCookies.length > 0) tally.milliseconds.refresh.push(answer.milliseconds);
  else if (asked.path.startsWith("/api/")) tally.milliseconds.call.push(answer.milliseconds);
}

/** Somebody who believed to be signed in was told otherwise. */
export function noteSignedOut(browser: Browser, asked: Asked, answer: Answer, wasRefreshable: boolean): void {
  const { tally } = browser.world;
  // Bad luck and the lab's own trouble kept every new token away for as long as that.
  if (browser.hasIdledOut) return tally.add("idled out");
  const held = `${wasRefreshable ? "with" : "without"} a refresh token`;
  const what = `${asked.path} of session ${browser.sessionId}: ${describe(answer)}`;
  tally.complain("signed in", `${what}, request ${answer.requestId}, ${held}`);
}
