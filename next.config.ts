import type { NextConfig } from "next";

const config: NextConfig = {
  // Each production build has a folder of its own, which its entry names: a new one does not disturb a running instance.
  distDir: process.env.PORTCULLIS_BUILD ?? ".next",
  poweredByHeader: false,
  reactStrictMode: true,
  // Packages with native code or dynamic imports, which cannot be bundled.
  serverExternalPackages: ["@node-rs/argon2", "mysql2", "pino"],
  // The image optimizer is a public endpoint that resizes on demand; no page has an image that needs it.
  images: { unoptimized: true },
  // The development server accepts requests by every loopback name.
  allowedDevOrigins: ["127.0.0.1", "[::1]"],
};

export default config;
