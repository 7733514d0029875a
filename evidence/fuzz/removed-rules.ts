export interface Mutation {
  rule: string;
  file: string;
  from: string;
  to: string;
  oracle: string;
}

/** Rules of the product, each with the edit that removes it and the oracle that must fail without it. */
export const MUTATIONS: readonly Mutation[] = [
  {
    rule: "a body has at most 64 kB",
    file: "server/http/body.ts",
    from: "MAX_BODY_BYTES = 64 * 1024",
    to: "MAX_BODY_BYTES = 1024 * 1024",
    oracle: "Oversized, ambiguous and forbidden batch requests were rejected",
  },
  {
    rule: "a page accepts only GET and HEAD",
    file: "server/http/methods.ts",
    from: 'if (route !== "call") return PAGE_METHODS;',
    to: 'if (route !== "call") return [...PAGE_METHODS, "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];',
    oracle: "Every response body was an API envelope, a page or a static file",
  },
  {
    rule: "a mutation must be same-origin",
    file: "server/auth/gate/same-origin.ts",
    from: "if (SAFE_METHODS.includes(claims.method))",
    to: "if (SAFE_METHODS.includes(claims.method) || claims.method)",
    oracle: "Cross-site requests changed nothing",
  },
  {
    rule: "a mutation's body is JSON",
    file: "server/api/handler.ts",
    from: 'if (type !== "application/json")',
    to: 'if (type === "application/never")',
    oracle: "Oversized, ambiguous and forbidden batch requests were rejected",
  },
  {
    rule: "a token has one canonical encoding",
    file: "server/auth/tokens/signed-token.ts",
    from: "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/",
    to: "[A-Za-z0-9_-]+=*$/",
    oracle: "No request was authenticated without a valid token or password",
  },
  {
    rule: "`next` stays on this origin",
    file: "server/auth/policy/next-path.ts",
    from: "  const target = resolveOnOrigin(candidate);\n  if (target === null",
    to: "  if (candidate.length > 1) return candidate;\n  const target = resolveOnOrigin(candidate);\n  if (target === null",
    oracle: "No redirect led to another origin",
  },
  {
    rule: "a duplicate session cookie is rejected",
    file: "server/http/inbound-headers.ts",
    from: 'name === "cookie" && hasDuplicateCookie',
    to: 'name === "never" && hasDuplicateCookie',
    oracle: "Oversized, ambiguous and forbidden batch requests were rejected",
  },
  {
    rule: "internal headers of a client do not reach the app",
    file: "server/http/inbound-headers.ts",
    from: "if (!isSpoofable(name) ||",
    to: 'if (name !== "" || !isSpoofable(name) ||',
    oracle: "",
  },
  {
    rule: "only static files are cacheable",
    file: "server/http/response-headers.ts",
    from: "if (!isCacheable(response, context))",
    to: "if (isCacheable(response, context))",
    oracle: "Only static files and the public keys were cacheable",
  },
  {
    rule: "an error message comes from a closed list",
    file: "server/api/init.ts",
    from: "message: refusal?.message ?? FAULT_MESSAGE",
    to: "message: error.message || FAULT_MESSAGE",
    oracle: "Every response body was an API envelope, a page or a static file",
  },
  {
    rule: "every response carries the security headers",
    file: "server/http/response-headers.ts",
    from: "for (const [name, value] of security.always) response.setHeader(name, value);",
    to: "",
    oracle: "Every response carried a request id and each security header exactly once",
  },
  {
    rule: "an invalid router state header is dropped",
    file: "server/http/forwarded-headers.ts",
    from: "if (!isRouterState(forwarded[ROUTER_STATE_HEADER])) delete forwarded[ROUTER_STATE_HEADER];",
    to: "",
    oracle: "No response and no log line reported an internal error",
  },
  {
    rule: "a batch contains no login",
    file: "server/api/handler.ts",
    from: "if (names.length > 1 && names.some",
    to: "if (names.length > 100 && names.some",
    oracle: "Oversized, ambiguous and forbidden batch requests were rejected",
  },
  {
    rule: "the log contains paths without their query",
    file: "server/http/request-log.ts",
    from: "path: loggedPath(context.path)",
    to: 'path: loggedPath(response.req.url ?? "")',
    oracle: "The log contained no token, password or query",
  },
  {
    rule: "session cookies are HttpOnly",
    file: "server/auth/tokens/cookies.ts",
    from: '["Path=/", "HttpOnly", "SameSite=Lax"]',
    to: '["Path=/", "SameSite=Lax"]',
    oracle: "Every Set-Cookie cleared a cookie or belonged to the requesting session",
  },
];
