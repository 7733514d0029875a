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
export function findLeak(text: string): string | null {
  return LEAK_PATTERNS.map((pattern) => pattern.exec(text)?.[0]).find((one) => one !== undefined) ?? null;
}
