/** Stack traces, SQL, library names, error codes and file paths. */
const LEAK_PATTERNS = [
  /\bat [\w.<>]+ \(.*:\d+:\d+\)/,
  /\w+\.m?[jt]s:\d+:\d+/,
  /node_modules|\.next\/server|webpack:|turbopack:\/\/|file:\/\//,
  /\b(select|insert into|delete from|update)\b [\s\S]{0,200}(`| where | values )/i,
  /\b(ER_[A-Z_]+|errno|sqlState|sqlMessage)\b/,
  /\b(mysql2?|mariadb|kysely|zod|ZodError|TRPCError|JWTInvalid|JOSEError|argon2id?)\b/i,
  /\b(TypeError|SyntaxError|RangeError|ReferenceError|URIError|ECONN[A-Z]+|ENOENT)\b/,
  /Unexpected (token|end of|non-whitespace)|is not (a function|iterable|defined)|Cannot read propert|Invalid URL/,
];

/** Segments of tokens, build ids and CSP nonces. Random text may contain any short word, such as "-zoD-". */
const RANDOM_VALUE = /(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{20,}|[A-Za-z0-9+/]{22}==/g;

export function findLeak(text: string): string | null {
  const readable = text.replace(RANDOM_VALUE, "random");
  return LEAK_PATTERNS.map((pattern) => pattern.exec(readable)?.[0]).find((one) => one !== undefined) ?? null;
}
