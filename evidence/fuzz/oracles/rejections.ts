import { isJson, decodedPath, sentHeaders, type Exchange } from "@/evidence/fuzz/exchange";

const MAX_BODY_BYTES = 64 * 1024;
const MAX_CALLS_PER_BATCH = 10;
const SESSION_COOKIES = new Set(["__acc", "__ref", "__Host-__acc", "__Host-__ref"]);
/** What only those say who have read more of a request than they were to. */
const STATUSES_AFTER_PARSING = new Set([200, 207, 307, 401, 403, 409, 429]);

/** What must be refused before anybody acts on it, and was not. */
export function checkRejections({ rendered, response, route }: Exchange): string | null {
  if (response === null) return null;
  const wentOn = STATUSES_AFTER_PARSING.has(response.status) || response.body.includes('"fields":');
  if ((rendered.body?.length ?? 0) > MAX_BODY_BYTES && wentOn) return "a body over 64 kB was read";
  if (repeatsCookie(sentHeaders(rendered, "cookie")) && response.status < 400)
    return "one cookie was sent twice, and believed";
  if (route === "call" && rendered.method === "POST" && !sentHeaders(rendered, "content-type").some(isJson))
    return response.body.includes('"result":') ? "a mutation whose body is not JSON was carried out" : null;
  if (route !== "call" || !isForbiddenBatch(decodedPath(rendered))) return null;
  return response.body.includes('"result":') ? "a batch that is too long, or hides a sign-in, was carried out" : null;
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
    names.length > MAX_CALLS_PER_BATCH || (names.length > 1 && names.some((name) => /^auth\.(?!session$)/.test(name)))
  );
}
