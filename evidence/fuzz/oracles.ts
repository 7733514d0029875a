import { isComplete } from "./app-log";
import { couldBeOurs, isAmbiguous, isSoft, setCookiesOf, type Facts } from "./exchange";
import { headerIn, headersIn } from "./headers";
import type { HttpAnswer } from "./http-response-parser";
import { complaintAboutDress, complaintAboutScripts } from "./oracles/response-headers";
import { complaintAboutWays } from "./oracles/redirects";
import { complaintAboutAcceptance } from "./oracles/rejections";
import { complaintAboutCookies, isClearing } from "./oracles/set-cookies";
import { traceIn } from "./oracles/information-leaks";
import { AGENT, PASSWORD } from "./test-user";
import { complaintAboutCall, complaintAboutPage, isFault, isSentenceOfOurs } from "./oracles/response-bodies";

/** Says what is wrong, or null. */
type Judge = (facts: Facts) => string | null;
type AnswerJudge = (answer: HttpAnswer, facts: Facts) => string | null;

const STATUSES = new Set([200, 207, 307, 308, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 417, 429, 431, 505]);
/** Of files, which know conditions and ranges. */
const FILE_STATUSES = new Set([206, 304, 412, 416]);

const MARKUP = "<svg/onload=";

export const JUDGES = {
  "Every request was answered within 13 s, or its connection closed": ({ outcome, asked }) => {
    if (outcome.milliseconds === null) return "no answer within 13 s";
    const mayBeSilent = asked.framing !== null || asked.kind === "raw" || outcome.answers.length > 0;
    return mayBeSilent ? null : "the connection closed without an answer";
  },

  "One request had one answer: nothing was smuggled in": ({ outcome, answer, sent, log }) => {
    // What cannot be read is not known to be a HEAD; its connection closes behind the answer.
    const isClosed = answer !== null && headerIn(answer.headers, "connection") === "close";
    if (outcome.rest !== "" && !(isClosed && isSentenceOfOurs(answer.status, outcome.rest)))
      return `${outcome.rest.length} bytes behind the answer: ${outcome.rest.slice(0, 80)}`;
    if (outcome.answers.some(({ status }) => status < 400) && isAmbiguous(sent)) return "two lengths, and no refusal";
    return log.some((line) => line.includes('"path":"/smuggled"') && isAmbiguous(sent))
      ? "the second request was read"
      : null;
  },

  "No answer was a fault, and no fault stood in the log": ({ outcome, log }) => {
    const fault = log.find((line) => isFaultLine(line));
    if (fault !== undefined) return `in the log: ${fault.slice(0, 600)}`;
    return outcome.answers.some(isFault) ? "a fault" : null;
  },

  "Every status is on the list": ofAnswers(({ status }, facts) => {
    const isFile = facts.route === "static" && FILE_STATUSES.has(status);
    return STATUSES.has(status) || isFile ? null : `status ${status}`;
  }),

  "Every answer carried its request id and all security headers, once": ofAnswers(complaintAboutDress),

  "Every script of a page carried the nonce of its policy": ofAnswers((answer, { sent }) =>
    isSoft(sent) ? null : complaintAboutScripts(answer),
  ),

  "Every body was our envelope, a page, or a file of ours": ofAnswers((answer, { route, sent }) => {
    if (sent.method === "HEAD" || isSentenceOfOurs(answer.status, answer.body)) return null;
    if (route === "static") return answer.status < 400 ? null : complaintAboutPage(answer);
    if (route === "health") return answer.body === '{"ok":true}' ? null : complaintAboutCall(answer);
    return route === "call" && answer.status !== 308 ? complaintAboutCall(answer) : complaintAboutPage(answer);
  }),

  "Nothing that was sent came back as markup": ofAnswers(({ headers, body }) =>
    !headerIn(headers, "content-type")?.startsWith("text/html") || !body.includes(MARKUP)
      ? null
      : "markup of the client's",
  ),

  "No stack, statement, library, path or secret was told": ofAnswers((answer, { route, sent, secrets, bystander }) => {
    const told = [...answer.headers.map(([name, value]) => `${name}: ${value}`), answer.body].join("\n");
    const secret = secrets.find((one) => told.includes(one));
    if (secret !== undefined) return `a secret: ${secret.slice(0, 12)}…`;
    const isOfBystander = bystander.secrets.some((one) => sent.text.includes(one));
    const ofOther = isOfBystander ? undefined : bystander.secrets.find((one) => told.includes(one));
    if (ofOther !== undefined) return `what belongs to the bystander: ${ofOther.slice(0, 24)}`;
    if (route === "static" && answer.status < 400) return null;
    const trace = traceIn(told);
    return trace === null || sent.text.includes(trace) ? null : `a trace: ${trace.slice(0, 120)}`;
  }),

  "What is too much, ambiguous or hidden in a batch was refused": complaintAboutAcceptance,

  "Nobody was let in without a token or a password of ours": ofAnswers((answer, { sent, person, bystander }) => {
    const opens = [person, bystander].flatMap((one) => [one.access, one.refresh]).concat(PASSWORD);
    if (opens.some((one) => sent.text.includes(one))) return null;
    const told = answer.body.includes(person.userId) || answer.body.includes(bystander.userId);
    return told || setCookiesOf(answer).some((cookie) => !isClearing(cookie)) ? "somebody was let in" : null;
  }),

  "Every Set-Cookie cleared a cookie, or belonged to the session that asked": ofAnswers(complaintAboutCookies),

  "Nothing but a file may be kept by a cache": ofAnswers((answer, { route }) => {
    if (route === "static" && answer.status < 400 && setCookiesOf(answer).length === 0) return null;
    const policy = headersIn(answer.headers, "cache-control").join(", ");
    return policy === "private, no-store" ? null : `Cache-Control: ${policy}`;
  }),

  "No redirect led away": ofAnswers((answer, { origin }) => complaintAboutWays(answer, origin)),

  "A limit says when to come back": ofAnswers(({ status, headers }) => {
    if (status !== 429) return null;
    return Number(headerIn(headers, "retry-after")) > 0 ? null : "429 without Retry-After";
  }),

  "What another site can send changed nothing": ({ sent, bystanderDifference, bystander, origin }) => {
    if (couldBeOurs(sent, origin) || bystanderDifference === null) return null;
    // With the access token out of sight a reader is refreshed, which is no more than reading.
    const isReader =
      bystanderDifference === "rotated" && !(sent.text.includes(bystander.access) && sent.text.includes(AGENT));
    return isReader ? null : `the bystander's rows changed: ${bystanderDifference}`;
  },

  "Every answer has its line in the log": ({ answer, log }) =>
    answer === null || isComplete(log) ? null : "the request left no line",

  "The log kept tokens, passwords and queries to itself": ({ log, person, bystander, sent }) => {
    const secrets = [person.access, person.refresh, bystander.access, bystander.refresh, PASSWORD];
    const path = sent.target.split("?", 1)[0] ?? "";
    const mayHaveTyped = TYPED_IN_ANY_SPELLING.test(path);
    const line = log.find(
      (one) => secrets.some((secret) => one.includes(secret)) || (!mayHaveTyped && TYPED_IN_ANY_SPELLING.test(one)),
    );
    return line === undefined ? null : `in the log: ${line.slice(0, 300)}`;
  },
} satisfies Record<string, Judge>;

/** What somebody typed, and the log must not show. */
export const TYPED = "mistyped otters";
/** As it is, or encoded in an address. */
const TYPED_IN_ANY_SPELLING = /mistyped(?: |\+|%(?:25)*20)otters/i;

export type Oracle = keyof typeof JUDGES;

function ofAnswers(judge: AnswerJudge): Judge {
  return (facts) => facts.outcome.answers.map((answer) => judge(answer, facts)).find((one) => one !== null) ?? null;
}

export function isFaultLine(line: string): boolean {
  // What the framework prints by itself as it starts is no line of ours.
  if (!line.startsWith("{")) return /error|warn|^\s+at /i.test(line);
  return /"level":"(error|fatal)"/.test(line) && !line.includes('"event":"');
}
