import { isComplete } from "./app-log";
import { isSameOriginMutation, hasAmbiguousLength, isSoftNavigation, setCookiesOf, type Exchange } from "./exchange";
import { headerValue, headerValues } from "./headers";
import type { ParsedResponse } from "./http-response-parser";
import { checkResponseHeaders, checkScriptNonces } from "./oracles/response-headers";
import { checkRedirects } from "./oracles/redirects";
import { checkRejections } from "./oracles/rejections";
import { checkSetCookies, clearsCookie } from "./oracles/set-cookies";
import { findLeak } from "./oracles/information-leaks";
import { AGENT, PASSWORD } from "./test-user";
import { checkCallResponse, checkPageResponse, isErrorResponse, isKnownMessage } from "./oracles/response-bodies";

/** Says what is wrong, or null. */
type Oracle = (exchange: Exchange) => string | null;
type ResponseOracle = (response: ParsedResponse, exchange: Exchange) => string | null;

const ALLOWED_STATUSES = new Set([
  200, 207, 307, 308, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 417, 429, 431, 505,
]);
/** Of files, which know conditions and ranges. */
const ALLOWED_FILE_STATUSES = new Set([206, 304, 412, 416]);

const INJECTED_MARKUP = "<svg/onload=";

export const ORACLES = {
  "Every request was answered within 13 s, or its connection closed": ({ outcome, request }) => {
    if (outcome.milliseconds === null) return "no answer within 13 s";
    const mayBeSilent = request.framing !== null || request.kind === "raw" || outcome.responses.length > 0;
    return mayBeSilent ? null : "the connection closed without an answer";
  },

  "One request had one response: nothing was smuggled in": ({ outcome, response, rendered, log }) => {
    // What cannot be read is not known to be a HEAD; its connection closes behind the answer.
    const isClosed = response !== null && headerValue(response.headers, "connection") === "close";
    if (outcome.rest !== "" && !(isClosed && isKnownMessage(response.status, outcome.rest)))
      return `${outcome.rest.length} bytes behind the response: ${outcome.rest.slice(0, 80)}`;
    if (outcome.responses.some(({ status }) => status < 400) && hasAmbiguousLength(rendered))
      return "two lengths, and no refusal";
    return log.some((line) => line.includes('"path":"/smuggled"') && hasAmbiguousLength(rendered))
      ? "the second request was read"
      : null;
  },

  "No answer was a fault, and no fault stood in the log": ({ outcome, log }) => {
    const fault = log.find((line) => isErrorLine(line));
    if (fault !== undefined) return `in the log: ${fault.slice(0, 600)}`;
    return outcome.responses.some(isErrorResponse) ? "a fault" : null;
  },

  "Every status is on the list": forEachResponse(({ status }, exchange) => {
    const isFile = exchange.route === "static" && ALLOWED_FILE_STATUSES.has(status);
    return ALLOWED_STATUSES.has(status) || isFile ? null : `status ${status}`;
  }),

  "Every answer carried its request id and all security headers, once": forEachResponse(checkResponseHeaders),

  "Every script of a page carried the nonce of its policy": forEachResponse((response, { rendered }) =>
    isSoftNavigation(rendered) ? null : checkScriptNonces(response),
  ),

  "Every body was our envelope, a page, or a file of ours": forEachResponse((response, { route, rendered }) => {
    if (rendered.method === "HEAD" || isKnownMessage(response.status, response.body)) return null;
    if (route === "static") return response.status < 400 ? null : checkPageResponse(response);
    if (route === "health") return response.body === '{"ok":true}' ? null : checkCallResponse(response);
    return route === "call" && response.status !== 308 ? checkCallResponse(response) : checkPageResponse(response);
  }),

  "Nothing that was sent came back as markup": forEachResponse(({ headers, body }) =>
    !headerValue(headers, "content-type")?.startsWith("text/html") || !body.includes(INJECTED_MARKUP)
      ? null
      : "markup of the client's",
  ),

  "No stack, statement, library, path or secret was told": forEachResponse(
    (response, { route, rendered, secrets, bystander }) => {
      const told = [...response.headers.map(([name, value]) => `${name}: ${value}`), response.body].join("\n");
      const secret = secrets.find((one) => told.includes(one));
      if (secret !== undefined) return `a secret: ${secret.slice(0, 12)}…`;
      const isOfBystander = bystander.secrets.some((one) => rendered.text.includes(one));
      const ofOther = isOfBystander ? undefined : bystander.secrets.find((one) => told.includes(one));
      if (ofOther !== undefined) return `what belongs to the bystander: ${ofOther.slice(0, 24)}`;
      if (route === "static" && response.status < 400) return null;
      const trace = findLeak(told);
      return trace === null || rendered.text.includes(trace) ? null : `a trace: ${trace.slice(0, 120)}`;
    },
  ),

  "What is too much, ambiguous or hidden in a batch was refused": checkRejections,

  "Nobody was let in without a token or a password of ours": forEachResponse(
    (response, { rendered, user, bystander }) => {
      const opens = [user, bystander].flatMap((one) => [one.access, one.refresh]).concat(PASSWORD);
      if (opens.some((one) => rendered.text.includes(one))) return null;
      const told = response.body.includes(user.userId) || response.body.includes(bystander.userId);
      return told || setCookiesOf(response).some((cookie) => !clearsCookie(cookie)) ? "somebody was let in" : null;
    },
  ),

  "Every Set-Cookie cleared a cookie, or belonged to the session that asked": forEachResponse(checkSetCookies),

  "Nothing but a file may be kept by a cache": forEachResponse((response, { route }) => {
    if (route === "static" && response.status < 400 && setCookiesOf(response).length === 0) return null;
    const policy = headerValues(response.headers, "cache-control").join(", ");
    return policy === "private, no-store" ? null : `Cache-Control: ${policy}`;
  }),

  "No redirect led away": forEachResponse((response, { origin }) => checkRedirects(response, origin)),

  "A limit says when to come back": forEachResponse(({ status, headers }) => {
    if (status !== 429) return null;
    return Number(headerValue(headers, "retry-after")) > 0 ? null : "429 without Retry-After";
  }),

  "What another site can send changed nothing": ({ rendered, bystanderChange, bystander, origin }) => {
    if (isSameOriginMutation(rendered, origin) || bystanderChange === null) return null;
    // With the access token out of sight a reader is refreshed, which is no more than reading.
    const isReader =
      bystanderChange === "rotated" && !(rendered.text.includes(bystander.access) && rendered.text.includes(AGENT));
    return isReader ? null : `the bystander's rows changed: ${bystanderChange}`;
  },

  "Every answer has its line in the log": ({ response, log }) =>
    response === null || isComplete(log) ? null : "the request left no line",

  "The log kept tokens, passwords and queries to itself": ({ log, user, bystander, rendered }) => {
    const secrets = [user.access, user.refresh, bystander.access, bystander.refresh, PASSWORD];
    const path = rendered.target.split("?", 1)[0] ?? "";
    const mayHaveTyped = ENCODED_TYPED_SECRET.test(path);
    const line = log.find(
      (one) => secrets.some((secret) => one.includes(secret)) || (!mayHaveTyped && ENCODED_TYPED_SECRET.test(one)),
    );
    return line === undefined ? null : `in the log: ${line.slice(0, 300)}`;
  },
} satisfies Record<string, Oracle>;

/** What somebody typed, and the log must not show. */
export const TYPED_SECRET = "mistyped otters";
/** As it is, or encoded in an address. */
const ENCODED_TYPED_SECRET = /mistyped(?: |\+|%(?:25)*20)otters/i;

export type OracleName = keyof typeof ORACLES;

function forEachResponse(judge: ResponseOracle): Oracle {
  return (exchange) =>
    exchange.outcome.responses.map((response) => judge(response, exchange)).find((one) => one !== null) ?? null;
}

export function isErrorLine(line: string): boolean {
  // What the framework prints by itself as it starts is no line of ours.
  if (!line.startsWith("{")) return /error|warn|^\s+at /i.test(line);
  return /"level":"(error|fatal)"/.test(line) && !line.includes('"event":"');
}
