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

describe("the policy of a document", () => {
  const policy = onHttps.documentPolicy("abc123");

  test("lets only scripts with its nonce run, and what they load", () => {
    expect(directives(policy)["script-src"]).toBe("'nonce-abc123' 'strict-dynamic'");
  });

  test("never allows inline code, evaluation or plug-ins in production", () => {
    expect(policy).not.toMatch(/unsafe-|\*|https?:|blob:/);
    expect(directives(policy)).toMatchObject({ "default-src": "'none'", "object-src": "'none'", "base-uri": "'none'" });
  });

  test("sends forms and requests nowhere else, and stands in nobody's frame", () => {
    expect(directives(policy)).toMatchObject({
      "form-action": "'self'",
      "connect-src": "'self'",
      "frame-ancestors": "'none'",
    });
  });
});

test("anything that is no document may do nothing at all", () => {
  expect(onHttps.otherPolicy).toBe("default-src 'none'; frame-ancestors 'none'");
});

test("https is insisted on where it is spoken, and only there", () => {
  expect(onHttps.always.map(([name]) => name)).toContain("Strict-Transport-Security");
  expect(onHttps.documentPolicy("a")).toContain("upgrade-insecure-requests");
  expect(onLoopback.always.map(([name]) => name)).not.toContain("Strict-Transport-Security");
  expect(onLoopback.documentPolicy("a")).not.toContain("upgrade-insecure-requests");
});

test("development may evaluate and reload, but scripts still need the nonce", () => {
  const policy = directives(securityHeaders("http://localhost:3000", true).documentPolicy("abc123"));
  expect(policy["script-src"]).toBe("'nonce-abc123' 'strict-dynamic' 'unsafe-eval'");
  expect(policy["connect-src"]).toContain("ws:");
});

test("a nonce has 128 bits and never comes twice", () => {
  const nonces = new Set(Array.from({ length: 1000 }, newNonce));
  expect(nonces.size).toBe(1000);
  for (const nonce of nonces) expect(Buffer.from(nonce, "base64")).toHaveLength(16);
});
