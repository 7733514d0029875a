import type { BrowserRequest } from "./browser-request";
import type { Browser } from "./browser";
import type { HttpResponse } from "@/evidence/http-client";
import { clearsSession } from "@/evidence/cookie-jar";
import { describeResponse, type BrowserOutcome } from "./browser-outcome";
import type { Lab } from "./lab";

/** Counts a reply, times it in calm times, and holds against it what no answer may do. */
export function checkOutcome({ results, isFaultFree }: Lab, request: BrowserRequest, outcome: BrowserOutcome): void {
  results.count("requests");
  if (outcome.kind === "lost")
    return results.count(outcome.why === "timeout" ? "replies too late to count" : "lost replies");
  const { response } = outcome;
  if (outcome.kind === "unavailable") {
    results.countFailure(describeResponse(response));
    results.count("told to wait");
  }
  results.check("no fault", response.status !== 500, () => `${request.path}: ${describeResponse(response)}`);
  const mayClear = outcome.kind === "signed out" || request.isMutation === true || request.path.startsWith("/login");
  results.check(
    "cookies kept",
    mayClear || !clearsSession(response.setCookies),
    () => `${request.path}: ${describeResponse(response)}`,
  );
  if (outcome.kind !== "fine" || request.networkFault !== undefined || request.isMutation || !isFaultFree) return;
  if (response.setCookies.length > 0) results.milliseconds.refresh.push(response.milliseconds);
  else if (request.path.startsWith("/api/")) results.milliseconds.call.push(response.milliseconds);
}

/** Somebody who believed to be signed in was told otherwise. */
export function reportUnexpectedLogout(
  browser: Browser,
  request: BrowserRequest,
  response: HttpResponse,
  wasRefreshable: boolean,
): void {
  const { results } = browser.lab;
  // Bad luck and the lab's own trouble kept every new token away for as long as that.
  if (browser.hasIdledOut) return results.count("idled out");
  const held = `${wasRefreshable ? "with" : "without"} a refresh token`;
  const what = `${request.path} of session ${browser.sessionId}: ${describeResponse(response)}`;
  results.reportViolation("signed in", `${what}, request ${response.requestId}, ${held}`);
}
