import { isJson, decodedPath, sentHeaders, type Exchange } from "@/evidence/fuzz/exchange";

const MAX_BODY_BYTES = 64 * 1024;
const MAX_CALLS_PER_BATCH = 10;
const SESSION_COOKIES = new Set(["__acc", "__ref", "__Host-__acc", "__Host-__ref"]);
/** Statuses that imply that the request was parsed further than allowed. */
const STATUSES_AFTER_PARSING = new Set([200, 207, 307, 401, 403, 409, 410, 429]);

/** Reports a request that had to be rejected early and was not. */
export function checkRejections({ rendered, response, route }: Exchange): string | null {
  if (response === null) return null;
  const wasParsed = STATUSES_AFTER_PARSING.has(response.status) || response.body.includes('"fields":');
  if ((rendered.body?.length ?? 0) > MAX_BODY_BYTES && wasParsed) return "a body over 64 kB was read";
  if (repeatsCookie(sentHeaders(rendered, "cookie")) && response.status < 400)
    return "a duplicate session cookie was accepted";
  if (route === "call" && rendered.method === "POST" && !sentHeaders(rendered, "content-type").some(isJson))
    return response.body.includes('"result":') ? "a mutation whose body is not JSON was executed" : null;
  if (route !== "call" || !isForbiddenBatch(decodedPath(rendered))) return null;
  return response.body.includes('"result":') ? "a batch that is too long, or contains a login, was executed" : null;
}

function repeatsCookie(headers: readonly string[]): boolean {
  const names = headers.flatMap((header) =>
    header.split(";").map((pair) => pair.split("=", 1)[0]!.replace(/^[ \t]+|[ \t]+$/g, "")),
  );
  const guarded = names.filter((name) => SESSION_COOKIES.has(name));
  return new Set(guarded).size < guarded.length;
}

function isForbiddenBatch(path: string): boolean {
  const names = path.slice("/api/trpc/".length).split(/,|%2c/i);
  return (
    names.length > MAX_CALLS_PER_BATCH ||
    (names.length > 1 && names.some((name) => /^(auth\.(?!session$)|(password|email|confirm)\.)/.test(name)))
  );
}
