import { randomUUID } from "node:crypto";
import { AppClient } from "@/evidence/app-client";
import { PASSWORD } from "./test-user";
import { RESPONSE_TIMEOUT_SECONDS } from "./transport";

/** After the run a new user registers, loads the dashboard, logs out and logs in. Returns the first failure, or null. */
export async function runSmokeTest(port: number, origin: string): Promise<string | null> {
  const client = new AppClient({ port }, origin, undefined, { timeoutMilliseconds: RESPONSE_TIMEOUT_SECONDS * 1000 });
  const email = `last.${randomUUID()}@example.test`;
  const steps = [
    ["register", () => client.mutate("auth.register", { fullName: "Last Comer", email, password: PASSWORD }), email],
    ["dashboard", () => client.page("/dashboard"), "Last Comer"],
    ["logout", () => client.mutate("auth.logout", null), "ok"],
    ["login", () => client.mutate("auth.login", { email, password: PASSWORD }), email],
    ["dashboard after login", () => client.page("/dashboard"), "Last Comer"],
    ["readiness", () => client.page("/api/health/ready"), "ok"],
  ] as const;
  for (const [step, send, expected] of steps) {
    const { status, body } = await send();
    if (status !== 200 || !body.includes(expected)) return `${step} was answered ${status}: ${body.slice(0, 200)}`;
  }
  return null;
}
