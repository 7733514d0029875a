import { Agent } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { call } from "./client.mjs";

/** @typedef {{ status: number, retryAfter: string | null, milliseconds: number }} Outcome */

// A separate thread, so that sending does not delay the measurement.
parentPort?.on("message", async () => {
  const { url, logins, emails, password } = workerData;
  const agent = new Agent({ maxSockets: Infinity });
  const outcomes = await Promise.all(
    Array.from({ length: logins }, async (_, at) => {
      const address = `10.0.${at >> 8}.${at & 255}`;
      const input = { email: emails[at % emails.length], password, remember: true };
      try {
        const { status, headers, milliseconds } = await call(url, "auth.login", { input, address, agent });
        return { status, retryAfter: headers["retry-after"] ?? null, milliseconds };
      } catch {
        return { status: 0, retryAfter: null, milliseconds: Infinity };
      }
    }),
  );
  agent.destroy();
  parentPort?.postMessage(outcomes);
});
