import { headerValue, headerValues, type ParsedResponse } from "@/evidence/fuzz/http-response-parser";

const REQUIRED_HEADERS: Record<string, RegExp> = {
  "x-request-id": /^[A-Za-z0-9_-]{8,64}$/,
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "referrer-policy": /^same-origin$/,
  "permissions-policy": /camera=\(\)/,
  "content-security-policy": /^default-src 'none';.*frame-ancestors 'none'/,
};
const FORBIDDEN_HEADERS = [
  "x-powered-by",
  "server",
  "access-control-allow-origin",
  "x-middleware-next",
  "x-middleware-rewrite",
  "via",
];

/** Reports a missing or repeated security header, or a forbidden header. */
export function checkResponseHeaders({ headers }: ParsedResponse): string | null {
  for (const [name, pattern] of Object.entries(REQUIRED_HEADERS)) {
    const values = headerValues(headers, name);
    if (values.length !== 1 || !pattern.test(values[0]!)) return `${name}: ${values.join(" and ") || "missing"}`;
  }
  const shown = FORBIDDEN_HEADERS.find((name) => headerValues(headers, name).length > 0);
  return shown === undefined ? null : `it carried ${shown}`;
}

/** Reports a script or style that the page's own CSP would block. */
export function checkScriptNonces({ headers, body }: ParsedResponse): string | null {
  if (!headerValue(headers, "content-type")?.startsWith("text/html")) return null;
  const nonce = /'nonce-([^']+)'/.exec(headerValue(headers, "content-security-policy") ?? "")?.[1];
  const scripts = body.match(/<(script|style)\b[^>]*>/g) ?? [];
  const bare = scripts.find((tag) => !tag.includes(`nonce="${nonce}"`));
  return bare === undefined ? null : `${bare} under nonce ${nonce}`;
}
