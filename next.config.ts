import type { NextConfig } from "next";

const config: NextConfig = {
  // Each production build has a folder of its own, which its entry names: a new one does not disturb a running instance.
  distDir: process.env.PORTCULLIS_BUILD ?? ".next",
  poweredByHeader: false,
  reactStrictMode: true,
  // Native or self-loading packages, which the bundler would tear apart.
  serverExternalPackages: ["@node-rs/argon2", "mysql2", "pino"],
  // The optimizer is a public address that resizes on demand. We have no pictures that need it.
  images: { unoptimized: true },
  // The dev server answers its own machine under all of its names.
  allowedDevOrigins: ["127.0.0.1", "[::1]"],
};

export default config;
