import { isJson, plainPath, sentHeaders, type Facts } from "@/evidence/fuzz/exchange";

const BODY_BYTES_AT_MOST = 64 * 1024;
const CALLS_PER_BATCH_AT_MOST = 10;
const GUARDED = new Set(["__acc", "__ref", "__Host-__acc", "__Host-__ref"]);
/** What only those say who have read more of a request than they were to. */
const READ_ON = new Set([200, 207, 307, 401, 403, 409, 429]);

/** What must be refused before anybody acts on it, and was not. */
export function complaintAboutAcceptance({ sent, answer, route }: Facts): string | null {
  if (answer === null) return null;
  const wentOn = READ_ON.has(answer.status) || answer.body.includes('"fields":');
  if ((sent.body?.length ?? 0) > BODY_BYTES_AT_MOST && wentOn) return "a body over 64 kB was read";
  if (repeatsCookie(sentHeaders(sent, "cookie")) && answer.status < 400)
    return "one cookie was sent twice, and believed";
  if (route === "call" && sent.method === "POST" && !sentHeaders(sent, "content-type").some(isJson))
    return answer.body.includes('"result":') ? "a mutation whose body is not JSON was carried out" : null;
  if (route !== "call" || !isUnfitBatch(plainPath(sent))) return null;
  return answer.body.includes('"result":') ? "a batch that is too long, or hides a sign-in, was carried out" : null;
}

function repeatsCookie(headers: readonly string[]): boolean {
  const names = headers.flatMap((header) =>
    header.split(";").map((pair) => pair.split("=", 1)[0]!.replace(/^[ \t]+|[ \t]+$/g, "")),
  );
  const guarded = names.filter((name) => GUARDED.has(name));
  return new Set(guarded).size < guarded.length;
}

function isUnfitBatch(path: string): boolean {
  const names = path.slice("/api/trpc/".length).split(/,|%2c/i);
  return (
    names.length > CALLS_PER_BATCH_AT_MOST ||
    (names.length > 1 && names.some((name) => /^auth\.(?!session$)/.test(name)))
  );
}
