import "server-only";
import { randomBytes } from "node:crypto";

export interface SecurityHeaders {
  /** Sent with every response. */
  always: readonly (readonly [name: string, value: string])[];
  /** The content security policy of an HTML document whose scripts have this nonce. */
  documentPolicy: (nonce: string) => string;
  /** The same for a page that frames mails: the frame inherits it, and mails have inline styles. */
  mailboxPolicy: (nonce: string) => string;
  /** The content security policy of every other response: nothing runs even if a browser renders it as a page. */
  otherPolicy: string;
}

/** Computed once at startup; a request adds only its nonce. */
export function securityHeaders(appOrigin: string, isDevelopment: boolean): SecurityHeaders {
  const isHttps = appOrigin.startsWith("https:");
  const always: [string, string][] = [
    ["X-Content-Type-Options", "nosniff"],
    ["X-Frame-Options", "DENY"],
    ["Cross-Origin-Opener-Policy", "same-origin"],
    ["Cross-Origin-Resource-Policy", "same-origin"],
    ["Referrer-Policy", "same-origin"],
    [
      "Permissions-Policy",
      "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ],
  ];
  // An attacker in the network could set cookies for this site through a subdomain that is loaded over http.
  if (isHttps) always.push(["Strict-Transport-Security", "max-age=31536000; includeSubDomains"]);

  const rest = [
    "img-src 'self' data:",
    "font-src 'self'",
    // Hot reload uses a WebSocket.
    isDevelopment ? "connect-src 'self' ws: wss:" : "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    ...(isHttps ? ["upgrade-insecure-requests"] : []),
  ].join("; ");

  // In development React reconstructs server stack traces with eval, and the error overlay injects styles.
  const scriptPolicy = (nonce: string) =>
    `default-src 'none'; script-src 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`;
  const mailboxPolicy = (nonce: string) => `${scriptPolicy(nonce)}; style-src 'self' 'unsafe-inline'; ${rest}`;

  return {
    always,
    documentPolicy: isDevelopment
      ? mailboxPolicy
      : (nonce) => `${scriptPolicy(nonce)}; style-src 'self' 'nonce-${nonce}'; ${rest}`,
    mailboxPolicy,
    otherPolicy: "default-src 'none'; frame-ancestors 'none'",
  };
}

export function newNonce(): string {
  return randomBytes(16).toString("base64");
}
