import type { BrowserContext } from "@playwright/test";

/** What the network answered is what tests ask about; the browser mentions every refusal and every lost reply. */
const NETWORK_MESSAGE = /^Failed to load resource/;

/** Collects what goes wrong inside a browser's pages: exceptions, refused scripts and styles, broken hydration. */
export function collectPageErrors(context: BrowserContext): string[] {
  const errors: string[] = [];
  context.on("weberror", (event) => errors.push(String(event.error())));
  context.on("console", (message) => {
    if (message.type() === "error" && !NETWORK_MESSAGE.test(message.text())) errors.push(message.text());
  });
  return errors;
}
