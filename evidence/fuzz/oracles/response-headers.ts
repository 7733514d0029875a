import { headerIn, headersIn } from "@/evidence/fuzz/headers";
import type { HttpAnswer } from "@/evidence/fuzz/http-response-parser";

const DRESS: Record<string, RegExp> = {
  "x-request-id": /^[A-Za-z0-9_-]{8,64}$/,
  "x-content-type-options": /^nosniff$/,
  "x-frame-options": /^DENY$/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "referrer-policy": /^same-origin$/,
  "permissions-policy": /camera=\(\)/,
  "content-security-policy": /^default-src 'none';.*frame-ancestors 'none'/,
};
const UNDRESSED = [
  "x-powered-by",
  "server",
  "access-control-allow-origin",
  "x-middleware-next",
  "x-middleware-rewrite",
  "via",
];

/** What is missing among the headers that protect an answer, or there twice, or should not be there. */
export function complaintAboutDress({ headers }: HttpAnswer): string | null {
  for (const [name, pattern] of Object.entries(DRESS)) {
    const values = headersIn(headers, name);
    if (values.length !== 1 || !pattern.test(values[0]!)) return `${name}: ${values.join(" and ") || "missing"}`;
  }
  const shown = UNDRESSED.find((name) => headersIn(headers, name).length > 0);
  return shown === undefined ? null : `it carried ${shown}`;
}

/** A script or style that the policy of its own page would not run. */
export function complaintAboutScripts({ headers, body }: HttpAnswer): string | null {
  if (!headerIn(headers, "content-type")?.startsWith("text/html")) return null;
  const nonce = /'nonce-([^']+)'/.exec(headerIn(headers, "content-security-policy") ?? "")?.[1];
  const scripts = body.match(/<(script|style)\b[^>]*>/g) ?? [];
  const bare = scripts.find((tag) => !tag.includes(`nonce="${nonce}"`));
  return bare === undefined ? null : `${bare} under nonce ${nonce}`;
}
