import "server-only";
import { randomBytes } from "node:crypto";

export interface SecurityHeaders {
  /** What every response carries, whatever it is. */
  always: readonly (readonly [name: string, value: string])[];
  /** The policy of a document whose scripts carry this nonce. */
  documentPolicy: (nonce: string) => string;
  /** The policy of everything else: should a browser ever show it as a page, nothing in it runs. */
  otherPolicy: string;
}

/** Computed once, at the start: a request only fills in its nonce. */
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
  // A page of a subdomain that is fetched in the clear could plant cookies and lead people here with an address of its own.
  if (isHttps) always.push(["Strict-Transport-Security", "max-age=31536000; includeSubDomains"]);

  const rest = [
    "img-src 'self' data:",
    "font-src 'self'",
    // Hot reload talks over a WebSocket.
    isDevelopment ? "connect-src 'self' ws: wss:" : "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    ...(isHttps ? ["upgrade-insecure-requests"] : []),
  ].join("; ");

  return {
    always,
    documentPolicy: isDevelopment
      ? // React rebuilds server stacks with eval, and the error overlay brings styles of its own.
        (nonce) =>
          `default-src 'none'; script-src 'nonce-${nonce}' 'strict-dynamic' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; ${rest}`
      : (nonce) =>
          `default-src 'none'; script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'self' 'nonce-${nonce}'; ${rest}`,
    otherPolicy: "default-src 'none'; frame-ancestors 'none'",
  };
}

export function newNonce(): string {
  return randomBytes(16).toString("base64");
}
