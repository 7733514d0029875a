import { pause } from "@/evidence/pause";

const WAIT_SECONDS = 120;

/** Polls until `holds` is true; an error counts as false. The timeout ends a hang only. */
export async function waitUntil(
  what: string,
  holds: () => Promise<boolean> | boolean,
  seconds = WAIT_SECONDS,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let problem = "";
  while (Date.now() < deadline) {
    try {
      if (await holds()) return;
    } catch (error) {
      problem = `: ${(error as Error).message}`;
    }
    await pause(50);
  }
  throw new Error(`Waited ${seconds} s until ${what}${problem}`);
}
