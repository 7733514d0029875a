import { STATUS_CODES } from "node:http";
import { headerValue, type ParsedResponse } from "@/evidence/fuzz/http-response-parser";
import {
  CHALLENGE_OVER_MESSAGE,
  FAULT_MESSAGE,
  PASSKEY_NOT_ADDED_MESSAGE,
  PASSKEY_REFUSED_MESSAGE,
  PASSWORD_EXISTS_MESSAGE,
  REFUSALS,
  tooManyWrongCodes,
  tooManyWrongPasswords,
  type Reason,
} from "@/server/auth/policy/refusals";
import { STATUS_MESSAGES } from "@/server/http/reject";

const MESSAGES = new Set<string>(Object.values(REFUSALS).map(({ message }) => message));
/** Messages of a reason beside its own. */
const MORE_MESSAGES: Partial<Record<Reason, readonly string[]>> = {
  BAD_INPUT: [PASSKEY_NOT_ADDED_MESSAGE, PASSWORD_EXISTS_MESSAGE],
  INVALID_CREDENTIALS: [PASSKEY_REFUSED_MESSAGE],
  SECOND_FACTOR_WRONG: [PASSKEY_REFUSED_MESSAGE],
  SIGNED_OUT: [CHALLENGE_OVER_MESSAGE],
};
const DATA_KEYS = new Set([
  "code",
  "httpStatus",
  "reason",
  "requestId",
  "fields",
  "retryAfterSeconds",
  "appOrigin",
  "methods",
  "passkey",
  "scope",
]);

/** Reports a call response that is not made of results and errors with known messages. */
export function checkCallResponse({ status, body }: ParsedResponse): string | null {
  const parsed = parse(body);
  if (parsed === undefined) return "its body is not JSON";
  const parts = Array.isArray(parsed) ? parsed : [parsed];
  if (parts.length === 0 && !(status === 200)) return "an empty batch failed";
  const violation = parts.map(checkEnvelope).find((one) => one !== null);
  if (violation !== undefined) return violation ?? null;
  const statuses = new Set(parts.map((part) => part.error?.data.httpStatus ?? 200));
  const expected = statuses.size > 1 ? 207 : [...statuses][0];
  const [reason] = parts.map((part) => part.error?.data.reason as Reason | undefined);
  // The HTTP entry uses a more specific status for some reasons.
  const isMoreExact =
    (reason === "TOO_LARGE" && status === 414) || (reason === "BAD_INPUT" && (status === 417 || status === 505));
  return status === (expected ?? 200) || isMoreExact ? null : `the status is ${status}, the body says ${expected}`;
}

function checkEnvelope(part: any): string | null {
  if (part?.result !== undefined)
    return hasOnlyKeys(part, ["result"]) && hasOnlyKeys(part.result, ["data"]) ? null : "a malformed result";
  const { error } = part ?? {};
  if (error === undefined || !hasOnlyKeys(part, ["error"]) || !hasOnlyKeys(error, ["message", "code", "data"]))
    return "no envelope";
  const { reason, retryAfterSeconds } = error.data;
  if (!Object.keys(error.data).every((key) => DATA_KEYS.has(key)))
    return `unknown error data: ${Object.keys(error.data)}`;
  if (!(reason in REFUSALS)) return `its reason is ${reason}`;
  const messages: string[] = [REFUSALS[reason as Reason].message, ...(MORE_MESSAGES[reason as Reason] ?? [])];
  if (reason === "RATE_LIMITED") {
    messages.push(tooManyWrongPasswords(retryAfterSeconds).message, tooManyWrongCodes(retryAfterSeconds).message);
  }
  return messages.includes(error.message) ? null : `its message is ${error.message}`;
}

/** Reports any other response that is not a page, an RSC payload, a redirect or a known message. */
export function checkPageResponse({ status, headers, body }: ParsedResponse): string | null {
  const type = headerValue(headers, "content-type") ?? "";
  if (type.startsWith("text/html"))
    return /^<!doctype html>/i.test(body) && body.includes("</html>") ? null : "an incomplete page";
  if (type.startsWith("text/x-component")) return null;
  // A redirect and the 401 for the router have no body.
  if (body === "")
    return status === 401 || (status >= 300 && status < 400) ? null : `an empty body with status ${status}`;
  if (body === headerValue(headers, "location")) return null;
  return isKnownMessage(status, body) ? null : `${type}: ${body.slice(0, 200)}`;
}

/** Whether the body is a message that the HTTP entry sends without the app. */
export function isKnownMessage(status: number, body: string): boolean {
  const sentence = body.replace(/\n$/, "");
  return MESSAGES.has(sentence) || sentence === (STATUS_MESSAGES[status] ?? STATUS_CODES[status]);
}

export function isErrorResponse({ status, body }: ParsedResponse): boolean {
  return status === 500 || body.includes(FAULT_MESSAGE);
}

function hasOnlyKeys(object: object, keys: string[]): boolean {
  return Object.keys(object).every((key) => keys.includes(key));
}

function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
