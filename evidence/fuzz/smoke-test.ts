import { randomUUID } from "node:crypto";
import { jarWithRefreshToken } from "@/evidence/cookie-jar";
import { AGENT, PASSWORD } from "./test-user";

/** When all is over, somebody new registers, sees the dashboard, signs out and in again. Null if all is well. */
export async function runSmokeTest(port: number, origin: string): Promise<string | null> {
  const jar = jarWithRefreshToken("");
  jar.clear();
  const ask = async (path: string, input?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: input === undefined ? "GET" : "POST",
      headers: {
        "user-agent": AGENT,
        ...(jar.header === undefined ? {} : { cookie: jar.header }),
        ...(input === undefined ? {} : { origin, "content-type": "application/json" }),
      },
      ...(input === undefined ? {} : { body: JSON.stringify(input) }),
      redirect: "manual",
    });
    response.headers.getSetCookie().forEach((cookie) => jar.store(cookie));
    return { status: response.status, text: await response.text() };
  };
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
    const { status, text } = await ask(path, input);
    if (status !== 200 || !text.includes(expected)) return `${path} answered ${status}: ${text.slice(0, 200)}`;
  }
  return null;
}
