import { describe, expect, test } from "vitest";
import { newNonce, securityHeaders } from "./security-headers";

const onHttps = securityHeaders("https://app.example.com", false);
const onLoopback = securityHeaders("http://localhost:3000", false);

function directives(policy: string): Record<string, string> {
  return Object.fromEntries(
    policy.split("; ").map((directive) => {
      const [name = "", ...sources] = directive.split(" ");
      return [name, sources.join(" ")];
    }),
  );
}

describe("content security policy of a document", () => {
  const policy = onHttps.documentPolicy("abc123");

  test("content security policy: only scripts with the nonce run, and scripts that they load", () => {
    expect(directives(policy)["script-src"]).toBe("'nonce-abc123' 'strict-dynamic'");
  });

  test("content security policy: no inline code, eval or plug-ins in production", () => {
    expect(policy).not.toMatch(/unsafe-|\*|https?:|blob:/);
    expect(directives(policy)).toMatchObject({ "default-src": "'none'", "object-src": "'none'", "base-uri": "'none'" });
  });

  test("content security policy: forms and requests go to this origin only, and framing is denied", () => {
    expect(directives(policy)).toMatchObject({
      "form-action": "'self'",
      "connect-src": "'self'",
      "frame-ancestors": "'none'",
    });
  });
});

test("content security policy: responses other than documents may load and run nothing", () => {
  expect(onHttps.otherPolicy).toBe("default-src 'none'; frame-ancestors 'none'");
});

test("security headers: Strict-Transport-Security and upgrade-insecure-requests on https only", () => {
  expect(onHttps.always.map(([name]) => name)).toContain("Strict-Transport-Security");
  expect(onHttps.documentPolicy("a")).toContain("upgrade-insecure-requests");
  expect(onLoopback.always.map(([name]) => name)).not.toContain("Strict-Transport-Security");
  expect(onLoopback.documentPolicy("a")).not.toContain("upgrade-insecure-requests");
});

test("content security policy: development allows eval and hot reload, and scripts still need the nonce", () => {
  const policy = directives(securityHeaders("http://localhost:3000", true).documentPolicy("abc123"));
  expect(policy["script-src"]).toBe("'nonce-abc123' 'strict-dynamic' 'unsafe-eval'");
  expect(policy["connect-src"]).toContain("ws:");
});

test("content security policy: that of the mailbox differs in inline styles alone", () => {
  expect(directives(onHttps.mailboxPolicy("abc123"))).toEqual({
    ...directives(onHttps.documentPolicy("abc123")),
    "style-src": "'self' 'unsafe-inline'",
  });
});

test("newNonce: has 128 bits and is unique", () => {
  const nonces = new Set(Array.from({ length: 1000 }, newNonce));
  expect(nonces.size).toBe(1000);
  for (const nonce of nonces) expect(Buffer.from(nonce, "base64")).toHaveLength(16);
});
