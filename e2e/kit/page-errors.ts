import type { BrowserContext } from "@playwright/test";

/** What the network answered is what tests ask about; the browser mentions every refusal and every lost reply. */
const MENTIONS_NETWORK = /^Failed to load resource/;

/** Collects what goes wrong inside a browser's pages: exceptions, refused scripts and styles, broken hydration. */
export function complaintsOf(context: BrowserContext): string[] {
  const complaints: string[] = [];
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error" && !MENTIONS_NETWORK.test(message.text())) complaints.push(message.text());
  });
  return complaints;
}
