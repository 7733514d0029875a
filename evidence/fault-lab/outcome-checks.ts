import { clearsSession } from "@/evidence/cookie-jar";
import type { HttpResponse } from "@/evidence/http-client";
import type { Browser } from "./browser";
import { describeResponse, type BrowserOutcome } from "./browser-outcome";
import type { BrowserRequest } from "./browser-request";
import type { Lab } from "./lab";

/** Counts an outcome, times it while no fault is active, and checks the invariants of a response. */
export function checkOutcome({ results, isFaultFree }: Lab, request: BrowserRequest, outcome: BrowserOutcome): void {
  results.count("requests");
  if (outcome.kind === "lost")
    return results.count(outcome.why === "timeout" ? "responses after the timeout" : "lost responses");
  const { response } = outcome;
  if (outcome.kind === "unavailable") {
    results.countFailure(describeResponse(response));
    results.count("unavailable responses");
  }
  results.check("no errors", response.status !== 500, () => `${request.path}: ${describeResponse(response)}`);
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

/** A response treated a browser as signed out that expected to be signed in. */
export function reportUnexpectedLogout(
  browser: Browser,
  request: BrowserRequest,
  response: HttpResponse,
  wasRefreshable: boolean,
): void {
  const { results } = browser.lab;
  // Injected faults can keep every new token from arriving during the whole idle timeout.
  if (browser.hasIdledOut) return results.count("idled out");
  const held = `${wasRefreshable ? "with" : "without"} a refresh token`;
  const what = `${request.path} of session ${browser.sessionId}: ${describeResponse(response)}`;
  results.reportViolation("signed in", `${what}, request ${response.requestId}, ${held}`);
}
