import { randomUUID } from "node:crypto";
import { CookieJar } from "@/evidence/cookie-jar";
import { sendRequest } from "@/evidence/http-client";
import { AGENT, PASSWORD } from "./test-user";
import { RESPONSE_TIMEOUT_SECONDS } from "./transport";

/** After the run a new user registers, loads the dashboard, logs out and logs in. Returns the first failure, or null. */
export async function runSmokeTest(port: number, origin: string): Promise<string | null> {
  const jar = new CookieJar();
  const email = `last.${randomUUID()}@example.test`;
  const steps: [path: string, input: unknown, expected: string][] = [
    ["/api/trpc/auth.register", { fullName: "Last Comer", email, password: PASSWORD }, email],
    ["/dashboard", undefined, "Last Comer"],
    ["/api/trpc/auth.logout", null, "ok"],
    ["/api/trpc/auth.login", { email, password: PASSWORD }, email],
    ["/dashboard", undefined, "Last Comer"],
    ["/api/health/ready", undefined, "ok"],
  ];
  for (const [path, input, expected] of steps) {
    const isMutation = input !== undefined;
    const outcome = await sendRequest({
      port,
      method: isMutation ? "POST" : "GET",
      path,
      headers: {
        "user-agent": AGENT,
        ...(jar.header === undefined ? {} : { cookie: jar.header }),
        ...(isMutation ? { origin, "content-type": "application/json" } : {}),
      },
      body: isMutation ? JSON.stringify(input) : undefined,
      timeoutMilliseconds: RESPONSE_TIMEOUT_SECONDS * 1000,
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_SECONDS * 1000),
      onHead: (setCookies) => setCookies.forEach((cookie) => jar.store(cookie)),
    });
    if (outcome.kind === "lost") return `${path} got no response: ${outcome.why}`;
    if (outcome.status !== 200 || !outcome.body.includes(expected))
      return `${path} was answered ${outcome.status}: ${outcome.body.slice(0, 200)}`;
  }
  return null;
}
