"use client";

import { archivo, archivoExtended } from "./fonts";
import "./globals.css";
import { ErrorScreen } from "./ui/error-screen";

/** Replaces the root layout when it fails, so it renders the whole document. */
export default function GlobalErrorPage({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en" className={`${archivo.variable} ${archivoExtended.variable}`}>
      <head>
        <title>Something went wrong · Portcullis</title>
      </head>
      <body>
        <ErrorScreen error={error} retry={retry} />
      </body>
    </html>
  );
}
