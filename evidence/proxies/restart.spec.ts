import { Agent } from "node:https";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { USER_AGENT } from "@/evidence/app-client";
import { sendRequest, type HttpRequest } from "@/evidence/http-client";
import { findServerPort } from "@/scripts/loopback.mjs";
import { test } from "./deployment";
import { startHaproxy } from "./haproxy";
import { startNginx, type Settings } from "./nginx";
import type { Program } from "./program";
import { Client } from "./client";

const BROWSERS = 8;
/** Below the 60 a minute that one session is allowed. */
const MILLISECONDS_BETWEEN_REFRESHES = 1_200;
const PATHS = ["/login", "/api/health/live", "/api/trpc/auth.session", "/dashboard/account"];

// Production lifetimes: with a grace window of seconds, database timeouts would be too short on a busy machine.
test.use({ lives: {} });

for (const name of ["Caddy", "nginx", "HAProxy"]) {
  test(`behind ${name} both instances are replaced one after the other without a failed request`, async ({
    deployment,
  }) => {
    const { caddy, origin, instances, folder } = deployment;
    const setup = await startProxy(name, join(folder, name), {
      port: await findServerPort(),
      httpPort: await findServerPort(),
      instances: instances.map(({ port }) => port),
      caddy,
    });
    const { caCertificate } = caddy;
    const client = new Client({ port: caddy.httpsPort, caCertificate }, origin);
    await client.register();
    const signedIn = client.jar.header ?? "";
    client.jar.dropAccessToken();
    const due = client.jar.header ?? "";
    // Refresh periodically, to include database access; a session is limited to 60 refreshes a minute.
    let refreshedAt = 0;
    const cookieForNow = () => {
      if (performance.now() - refreshedAt < MILLISECONDS_BETWEEN_REFRESHES) return signedIn;
      refreshedAt = performance.now();
      return due;
    };

    const outcomes = new Map<string, number>();
    let isOver = false;
    const browsers = Array.from({ length: BROWSERS }, async (_, number) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let at = number; !isOver; at++) {
        const path = PATHS[at % PATHS.length]!;
        const outcome = `${path} ${await outcomeOf({ port: setup.port, caCertificate, path, agent }, cookieForNow())}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      agent.destroy();
    });
    const ends = [await deployment.replace(0), await deployment.replace(1)];
    isOver = true;
    await Promise.all(browsers);
    await setup.stop();

    expect(ends).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    expect([...outcomes.keys()].sort()).toEqual(PATHS.map((path) => `${path} 200`).sort());
  });
}

async function startProxy(name: string, folder: string, settings: Settings): Promise<Program & { port: number }> {
  const { caddy, port } = settings;
  if (name === "Caddy") return { port: caddy.httpsPort, stop: async () => {} };
  const start = name === "nginx" ? startNginx : startHaproxy;
  return { port, ...(await start(folder, settings)) };
}

/** The status or the error. */
async function outcomeOf(request: HttpRequest, cookie: string): Promise<string> {
  const headers = { "user-agent": USER_AGENT, ...(request.path === "/login" ? {} : { cookie }) };
  const outcome = await sendRequest({ ...request, headers });
  if (outcome.kind === "lost") return outcome.why;
  return outcome.isComplete ? String(outcome.status) : "cut off";
}
