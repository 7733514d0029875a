import { expect } from "@playwright/test";
import { classifyRoute, MAILBOX } from "@/server/auth/policy/routes";

export interface ObservedResponse {
  /** The request, for failure messages. */
  request: string;
  path: string;
  status: number;
  /** In the order received, including duplicates. */
  headers: { name: string; value: string }[];
}

const NONCE = "'nonce-([\\w+/]{22}==)'";
const DOCUMENT_POLICY = (isHttps: boolean, styles = NONCE) =>
  new RegExp(
    `^default-src 'none'; script-src ${NONCE} 'strict-dynamic'; style-src 'self' ${styles}; img-src 'self' data:; ` +
      "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; " +
      `object-src 'none'; frame-ancestors 'none'${isHttps ? "; upgrade-insecure-requests" : ""}$`,
  );

const REQUIRED_HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
};

/** Headers that disclose the software or its version. */
const DISCLOSING_HEADER =
  /^(server|via|x-powered-by|x-runtime|x-generator|x-nextjs-(cache|matched-path|page|redirect)|sourcemap|x-sourcemap)$/;

/** Fails unless the response has every required header exactly once. Returns the nonce of a document. */
export function expectSecurityHeaders(
  { request, path, status, headers }: ObservedResponse,
  { isHttps }: { isHttps: boolean },
) {
  const valuesOf = (name: string) =>
    headers.filter((header) => header.name.toLowerCase() === name).map(({ value }) => value);
  const why = `${request} ${status}`;

  for (const [name, value] of Object.entries(REQUIRED_HEADERS))
    expect(valuesOf(name), `${why}: ${name}`).toEqual([value]);
  const [permissions, ...more] = valuesOf("permissions-policy");
  expect(more, why).toEqual([]);
  for (const power of ["camera", "microphone", "geolocation"]) expect(permissions, why).toContain(`${power}=()`);
  expect(valuesOf("strict-transport-security"), why).toEqual(isHttps ? ["max-age=31536000; includeSubDomains"] : []);
  expect(valuesOf("x-request-id"), why).toEqual([expect.stringMatching(/^[\w-]{8,64}$/)]);
  expect(
    headers.map(({ name }) => name.toLowerCase()).filter((name) => DISCLOSING_HEADER.test(name)),
    why,
  ).toEqual([]);

  const isAsset = ["static", "keys"].includes(classifyRoute(path.split("?")[0] ?? path)) && status === 200;
  expect(valuesOf("cache-control"), why).toEqual([
    isAsset ? expect.stringMatching(/^public, max-age=\d+/) : "private, no-store",
  ]);
  return expectContentSecurityPolicy(valuesOf("content-security-policy"), {
    isHtml: isHtml(valuesOf("content-type")),
    isHttps,
    isMailbox: path === MAILBOX,
    why,
  });
}

function expectContentSecurityPolicy(
  policies: string[],
  { isHtml, isHttps, isMailbox, why }: { isHtml: boolean; isHttps: boolean; isMailbox: boolean; why: string },
) {
  if (!isHtml) {
    expect(policies, why).toEqual(["default-src 'none'; frame-ancestors 'none'"]);
    return null;
  }
  if (isMailbox) {
    // The frame of a mail inherits the policy, and mails have inline styles.
    const policy = DOCUMENT_POLICY(isHttps, "'unsafe-inline'");
    expect(policies, why).toEqual([expect.stringMatching(policy)]);
    return policy.exec(policies[0] ?? "")?.[1] ?? "";
  }
  expect(policies, why).toEqual([expect.stringMatching(DOCUMENT_POLICY(isHttps))]);
  const [, script = "", style] = DOCUMENT_POLICY(isHttps).exec(policies[0] ?? "") ?? [];
  expect(style, why).toBe(script);
  return script;
}

function isHtml(contentTypes: string[]): boolean {
  return contentTypes.some((type) => type.startsWith("text/html"));
}
