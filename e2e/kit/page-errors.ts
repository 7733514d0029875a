import type { BrowserContext } from "@playwright/test";

/** The browser logs every failed request; tests check those through the recorded exchanges. */
const NETWORK_MESSAGE = /^Failed to load resource/;

/** Collects errors in a browser's pages: exceptions, blocked scripts and styles, failed hydration. */
export function collectPageErrors(context: BrowserContext): string[] {
  const errors: string[] = [];
  context.on("weberror", (event) => errors.push(String(event.error())));
  context.on("console", (message) => {
    if (message.type() === "error" && !NETWORK_MESSAGE.test(message.text())) errors.push(message.text());
  });
  return errors;
}
