import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { archivo, archivoExtended } from "./fonts";
import "./globals.css";

/** A prerendered page has no nonce, so the browser would block its scripts. */
export const dynamic = "force-dynamic";

export const metadata: Metadata = {
  title: { template: "%s · Portcullis", default: "Portcullis" },
  description: "Sign in, stay signed in, and see every device that is signed in to your account.",
  robots: { index: false },
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f0f4ef" },
    { media: "(prefers-color-scheme: dark)", color: "#0d1413" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" className={`${archivo.variable} ${archivoExtended.variable}`}>
      <body>{children}</body>
    </html>
  );
}
