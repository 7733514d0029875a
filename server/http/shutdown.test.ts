import { spawn, type ChildProcess } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ROOT } from "@/scripts/paths.mjs";
import { usePrograms } from "./testing";

// Each process loads the packages of the whole app, which is slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const SLOW_ENTRY = `
  import { createEntry } from "@/server/http/entry";
  import { shutDownOnSignal } from "@/server/http/shutdown";
  import { createLog } from "@/server/runtime/log";
  const log = createLog();
  const app = async (request, response) => {
    if (request.url === "/slow") await new Promise((resolve) => setTimeout(resolve, 400));
    if (request.url === "/hung") return;
    if (request.url === "/streamed") {
      response.write("half ");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    response.end("done");
  };
  const settings = {
    NODE_ENV: "production", APP_ORIGIN: "http://localhost:3000", CORS_ORIGINS: [], TRUSTED_PROXY_HOPS: 0,
    RATE_LIMIT_FACTOR: 1, REFRESH_GRACE_SECONDS: 30, guardedCookies: new Set(),
  };
  const server = createEntry(app, settings, log);
  server.listen(0, "127.0.0.1", () => log.info({ port: server.address().port }, "listening"));
  const release = () => {
    log.info("released");
    return new Promise((resolve) => process.env.IS_RELEASE_STUCK || resolve());
  };
  shutDownOnSignal(server, { drainSeconds: 1, log, release });
`;

const folder = usePrograms({ "slow-entry": SLOW_ENTRY, main: 'import "@/server/main";' });

interface Running {
  child: ChildProcess;
  output: () => string;
  exitCode: Promise<number | null>;
}

function run(file: string, env: Record<string, string> = {}): Running {
  const { PATH = "" } = process.env;
  const environment: NodeJS.ProcessEnv = { NODE_ENV: "production", PATH, ...env };
  const child = spawn(process.execPath, [join(folder, file)], { cwd: ROOT, env: environment });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return { child, output: () => output, exitCode: new Promise((resolve) => child.on("close", resolve)) };
}

async function slowEntry(env = {}): Promise<Running & { fetchPath: (path: string) => Promise<number | string> }> {
  const running = run("slow-entry.mjs", env);
  while (!running.output().includes("listening")) await new Promise((resolve) => setTimeout(resolve, 20));
  const port = Number(/"port":(\d+)/.exec(running.output())?.[1]);
  const fetchPath = (path: string) =>
    new Promise<number | string>((resolve) => {
      const clientRequest = request({ host: "127.0.0.1", port, path }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
      });
      clientRequest.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")).end();
    });
  return { ...running, fetchPath };
}

const shortDelay = () => new Promise((resolve) => setTimeout(resolve, 100));

test("shutdown: SIGTERM drains requests in progress, refuses new connections, releases and exits with 0", async () => {
  const { child, fetchPath, exitCode, output } = await slowEntry();
  const inFlight = fetchPath("/slow");
  await shortDelay();
  child.kill("SIGTERM");
  await vi.waitUntil(() => output().includes("stopping"), { timeout: 30_000 });
  expect(await fetchPath("/")).toBe("ECONNREFUSED");
  expect(await inFlight).toBe(200);
  expect(await exitCode).toBe(0);
  expect(output()).toMatch(/"msg":"stopping".*"msg":"request".*"msg":"released".*"msg":"stopped"/s);
});

test("shutdown: a request that never ends does not keep the process running", async () => {
  const { child, fetchPath, exitCode, output } = await slowEntry();
  const hung = fetchPath("/hung");
  await shortDelay();
  child.kill("SIGINT");
  expect(await hung).toBe("ECONNRESET");
  expect(await exitCode).toBe(0);
  expect(output()).toContain("drain timeout reached");
});

test("shutdown: an idle connection does not keep the process running", async () => {
  const { child, fetchPath, exitCode, output } = await slowEntry();
  expect(await fetchPath("/")).toBe(200);
  child.kill("SIGTERM");
  expect(await exitCode).toBe(0);
  expect(output()).not.toContain("drain timeout reached");
});

test("shutdown: a connection that becomes idle during the drain does not keep the process running", async () => {
  const { child, fetchPath, exitCode, output } = await slowEntry();
  const streamed = fetchPath("/streamed");
  await shortDelay();
  child.kill("SIGTERM");
  expect(await streamed).toBe(200);
  expect(await exitCode).toBe(0);
  expect(output()).not.toContain("drain timeout reached");
});

test("shutdown: a release that never ends does not prevent an orderly exit", async () => {
  const { child, exitCode, output } = await slowEntry({ IS_RELEASE_STUCK: "1" });
  child.kill("SIGTERM");
  expect(await exitCode).toBe(0);
  expect(output()).toMatch(/"msg":"released".*"msg":"stopped"/s);
});

test("shutdown: a second signal exits at once", async () => {
  const { child, fetchPath, exitCode } = await slowEntry();
  void fetchPath("/hung");
  await shortDelay();
  child.kill("SIGTERM");
  await shortDelay();
  child.kill("SIGTERM");
  expect(await exitCode).toBe(1);
});

const COMPLETE = {
  DATABASE_URL: "mysql://nobody:nothing@127.0.0.1:1/none",
  APP_ORIGIN: "http://localhost:3000",
  SESSION_SECRET: "s".repeat(32),
  JWT_ACCESS_SECRET: "j".repeat(32),
  ENCRYPTION_SECRET: "e".repeat(32),
};

test.each(Object.keys(COMPLETE))("startup: fails without %s and names it", async (name) => {
  const { exitCode, output } = run("main.mjs", { ...COMPLETE, [name]: "" });
  expect(await exitCode).toBe(1);
  expect(output()).toContain(`${name} is missing`);
  expect(output()).not.toMatch(/\n\s+at /);
});

test("startup: fails with an invalid value, names the variable and does not print the value", async () => {
  const { exitCode, output } = run("main.mjs", { ...COMPLETE, JWT_ACCESS_SECRET: "too-short-secret" });
  expect(await exitCode).toBe(1);
  expect(output()).toContain("JWT_ACCESS_SECRET");
  expect(output()).not.toContain("too-short-secret");
});
