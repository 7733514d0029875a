import { isComplete } from "@/evidence/app-log";
import { isSameOriginMutation, hasAmbiguousLength, isSoftNavigation, setCookiesOf, type Exchange } from "./exchange";
import { headerValue, headerValues, type ParsedResponse } from "./http-response-parser";
import { findLeak } from "./oracles/information-leaks";
import { checkRedirects } from "./oracles/redirects";
import { checkRejections } from "./oracles/rejections";
import { checkCallResponse, checkPageResponse, isErrorResponse, isKnownMessage } from "./oracles/response-bodies";
import { checkResponseHeaders, checkScriptNonces } from "./oracles/response-headers";
import { checkSetCookies, clearsCookie } from "./oracles/set-cookies";
import { AGENT, PASSWORD } from "./test-user";

/** Returns the violation, or null. */
type Oracle = (exchange: Exchange) => string | null;
type ResponseOracle = (response: ParsedResponse, exchange: Exchange) => string | null;

const ALLOWED_STATUSES = new Set([
  200, 207, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 417, 429, 431, 505,
]);
/** Static files support conditional and range requests. */
const ALLOWED_FILE_STATUSES = new Set([206, 304, 412, 416]);

const INJECTED_MARKUP = "<svg/onload=";

export const ORACLES = {
  "Every request got a response within 13 s or its connection was closed": ({ outcome, request }) => {
    if (outcome.milliseconds === null) return "no response within 13 s";
    const mayBeSilent = request.framing !== null || request.kind === "raw" || outcome.responses.length > 0;
    return mayBeSilent ? null : "the connection was closed without a response";
  },

  "No request produced a second response (request smuggling)": ({ outcome, response, rendered, log }) => {
    // An unreadable HEAD is answered with a body, and the connection is closed.
    const isClosed = response !== null && headerValue(response.headers, "connection") === "close";
    if (outcome.rest !== "" && !(isClosed && isKnownMessage(response.status, outcome.rest)))
      return `${outcome.rest.length} bytes after the response: ${outcome.rest.slice(0, 80)}`;
    if (outcome.responses.some(({ status }) => status < 400) && hasAmbiguousLength(rendered))
      return "an ambiguous length was accepted";
    return log.some((line) => line.includes('"path":"/smuggled"') && hasAmbiguousLength(rendered))
      ? "the smuggled request was processed"
      : null;
  },

  "No response and no log line reported an internal error": ({ outcome, log }) => {
    const fault = log.find((line) => isErrorLine(line));
    if (fault !== undefined) return `in the log: ${fault.slice(0, 600)}`;
    return outcome.responses.some(isErrorResponse) ? "an internal error" : null;
  },

  "Every response had an allowed status": forEachResponse(({ status }, exchange) => {
    const isFile = exchange.route === "static" && ALLOWED_FILE_STATUSES.has(status);
    return ALLOWED_STATUSES.has(status) || isFile ? null : `status ${status}`;
  }),

  "Every response carried a request id and each security header exactly once": forEachResponse(checkResponseHeaders),

  "Every script and style of a page carried the CSP nonce": forEachResponse((response, { rendered }) =>
    isSoftNavigation(rendered) ? null : checkScriptNonces(response),
  ),

  "Every response body was an API envelope, a page or a static file": forEachResponse(
    (response, { route, rendered }) => {
      if (rendered.method === "HEAD" || isKnownMessage(response.status, response.body)) return null;
      if (route === "static") return response.status < 400 ? null : checkPageResponse(response);
      if (route === "keys" && /^\{"keys":\[\{[^<]+\}\]\}$/.test(response.body)) return null;
      if (route === "health") return response.body === '{"ok":true}' ? null : checkCallResponse(response);
      return route === "call" && response.status !== 308 ? checkCallResponse(response) : checkPageResponse(response);
    },
  ),

  "No input was reflected as markup": forEachResponse(({ headers, body }) =>
    !headerValue(headers, "content-type")?.startsWith("text/html") || !body.includes(INJECTED_MARKUP)
      ? null
      : "injected markup",
  ),

  "No response disclosed a stack, statement, library, path or secret": forEachResponse(
    (response, { route, rendered, secrets, bystander }) => {
      const text = [...response.headers.map(([name, value]) => `${name}: ${value}`), response.body].join("\n");
      const secret = secrets.find((one) => text.includes(one));
      if (secret !== undefined) return `a secret: ${secret.slice(0, 12)}…`;
      const isOfBystander = bystander.secrets.some((one) => rendered.text.includes(one));
      const ofOther = isOfBystander ? undefined : bystander.secrets.find((one) => text.includes(one));
      if (ofOther !== undefined) return `data of the bystander: ${ofOther.slice(0, 24)}`;
      if (route === "static" && response.status < 400) return null;
      const leak = findLeak(text);
      return leak === null || rendered.text.includes(leak) ? null : `an internal detail: ${leak.slice(0, 120)}`;
    },
  ),

  "Oversized, ambiguous and forbidden batch requests were rejected": checkRejections,

  "No request was authenticated without a valid token or password": forEachResponse(
    (response, { rendered, user, bystander }) => {
      const credentials = [user, bystander].flatMap((one) => [one.access, one.refresh]).concat(PASSWORD);
      if (credentials.some((one) => rendered.text.includes(one))) return null;
      const showsUser = response.body.includes(user.userId) || response.body.includes(bystander.userId);
      return showsUser || setCookiesOf(response).some((cookie) => !clearsCookie(cookie))
        ? "the request was authenticated"
        : null;
    },
  ),

  "Every Set-Cookie cleared a cookie or belonged to the requesting session": forEachResponse(checkSetCookies),

  "Only static files and the public keys were cacheable": forEachResponse((response, { route }) => {
    if ((route === "static" || route === "keys") && response.status < 400 && setCookiesOf(response).length === 0)
      return null;
    const policy = headerValues(response.headers, "cache-control").join(", ");
    return policy === "private, no-store" ? null : `Cache-Control: ${policy}`;
  }),

  "No redirect led to another origin": forEachResponse((response, { origin }) => checkRedirects(response, origin)),

  "Every 429 carried Retry-After": forEachResponse(({ status, headers }) => {
    if (status !== 429) return null;
    return Number(headerValue(headers, "retry-after")) > 0 ? null : "429 without Retry-After";
  }),

  "Cross-site requests changed nothing": ({ rendered, bystanderChange, bystander, origin }) => {
    if (isSameOriginMutation(rendered, origin) || bystanderChange === null) return null;
    // A read without a valid access token refreshes the session, which is allowed.
    const isRefresh =
      bystanderChange === "rotated" && !(rendered.text.includes(bystander.access) && rendered.text.includes(AGENT));
    return isRefresh ? null : `the bystander's rows changed: ${bystanderChange}`;
  },

  "Every response had a request line in the log": ({ response, log }) =>
    response === null || isComplete(log) ? null : "no request line",

  "The log contained no token, password or query": ({ log, user, bystander, rendered }) => {
    const secrets = [user.access, user.refresh, bystander.access, bystander.refresh, PASSWORD];
    const path = rendered.target.split("?", 1)[0] ?? "";
    const mayHaveTyped = ENCODED_TYPED_SECRET.test(path);
    const line = log.find(
      (one) => secrets.some((secret) => one.includes(secret)) || (!mayHaveTyped && ENCODED_TYPED_SECRET.test(one)),
    );
    return line === undefined ? null : `in the log: ${line.slice(0, 300)}`;
  },
} satisfies Record<string, Oracle>;

/** User input that the log must not contain. */
export const TYPED_SECRET = "mistyped otters";
/** Plain or URL-encoded. */
const ENCODED_TYPED_SECRET = /mistyped(?: |\+|%(?:25)*20)otters/i;

export type OracleName = keyof typeof ORACLES;

function forEachResponse(check: ResponseOracle): Oracle {
  return (exchange) =>
    exchange.outcome.responses.map((response) => check(response, exchange)).find((one) => one !== null) ?? null;
}

export function isErrorLine(line: string): boolean {
  // Lines that are not JSON come from the framework.
  if (!line.startsWith("{")) return /error|warn|^\s+at /i.test(line);
  return /"level":"(error|fatal)"/.test(line) && !line.includes('"event":"');
}
