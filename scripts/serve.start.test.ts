import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { identify, isRunning, pidOf, waitForExit } from "./process-identity.mjs";
import { findServerPort } from "./loopback.mjs";
import { stopServer } from "./mysql/private-server.mjs";
import { ROOT } from "./paths.mjs";

// Runs npm start in a copy of the repository, in a folder with special characters. Slow: part of .ci/run only.
const parent = mkdtempSync(join(tmpdir(), "portcullis-"));
const clone = join(parent, `my app's %41 ü $x`);
const NOT_COPIED = /^(node_modules|\.git|\.next|\.data|\.env.*\.local|\.env|next-env\.d\.ts)$/;
const started: number[] = [];

beforeAll(() => {
  cpSync(ROOT, clone, { recursive: true, filter: (from) => from === ROOT || !NOT_COPIED.test(basename(from)) });
  cpSync(join(ROOT, ".env.example"), join(clone, ".env"));
  execFileSync("cp", ["-a", join(ROOT, "node_modules"), join(clone, "node_modules")]);
}, 300_000);

afterAll(async () => {
  for (const pid of started) if (identify(pid) !== null) process.kill(pid, "SIGTERM");
  for (const pid of started) await waitForExit(identify(pid) ?? "", 60);
  await stopServer(join(clone, ".data", "mysql"));
  rmSync(parent, { recursive: true, force: true });
}, 300_000);

interface Start {
  npm: number;
  port: number;
  output: () => string;
  /** The app on the port and its parent process. */
  identities: () => { app: string; starter: string };
  ended: Promise<number | null>;
  /** Resolves when the summary after startup is complete. */
  shown: Promise<void>;
}

async function npmStart(variables: Record<string, string> = {}): Promise<Start> {
  const port = await findServerPort();
  const { PATH = "", HOME = "", LANG = "" } = process.env;
  const env = { NODE_ENV: undefined, PATH, HOME, LANG, NO_COLOR: "1", PORT: String(port), ...variables };
  const npm = spawn("npm", ["start"], {
    cwd: clone,
    env: env as unknown as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  started.push(npm.pid ?? 0);
  let text = "";
  const shown = new Promise<void>((resolve, reject) => {
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += stripVTControlCharacters(chunk);
        if (/^ +Stop +Ctrl-C/m.test(text)) resolve();
      });
    }
    npm.once("close", () => reject(new Error(text)));
  });
  shown.catch(() => {});
  const identities = () => JSON.parse(readFileSync(join(clone, ".data", "apps", String(port)), "utf8"));
  const ended = new Promise<number | null>((resolve) => npm.once("close", resolve));
  return { npm: npm.pid ?? 0, port, output: () => text, identities, ended, shown };
}

async function loginPage({ port }: Start) {
  const response = await fetch(`http://localhost:${port}/login`);
  const html = await response.text();
  const scripts = [...new Set(html.match(/\/_next\/static\/[^"\\]+\.(js|css)/g))];
  const statuses = await Promise.all(
    scripts.map(async (path) => (await fetch(`http://localhost:${port}${path}`)).status),
  );
  return { status: response.status, html, statuses };
}

let one: Start;
let two: Start;

test("npm start: an invalid variable stops the start before database, migrations and build", async () => {
  const start = await npmStart({ SESSION_MAX_SECONDS: "999999999999", RATE_LIMIT_FACTOR: "often" });
  expect(await start.ended).toBe(1);
  expect(start.output()).toMatch(/^ *SESSION_MAX_SECONDS must be an integer from 1 to 34560000/m);
  expect(start.output()).toMatch(/^ *RATE_LIMIT_FACTOR must be a number/m);
  expect(start.output()).not.toMatch(/Schema|Build|MySQL|NaN/);
}, 300_000);

test("npm start: with NODE_ENV=production a missing decision about mail stops the start, although files would do elsewhere", async () => {
  const port = await findServerPort();
  const SECRETS = {
    SESSION_SECRET: "s".repeat(40),
    JWT_ACCESS_SECRET: "j".repeat(40),
    ENCRYPTION_SECRET: "e".repeat(40),
  };
  const start = await npmStart({
    ...SECRETS,
    NODE_ENV: "production",
    DATABASE_URL: "mysql://root@127.0.0.1:9/portcullis",
    // On this machine, where files would be allowed.
    APP_ORIGIN: `http://localhost:${port}`,
    PORT: String(port),
    // Set by our scripts only: it must not make up for the decision.
    PORTCULLIS_MAIL_FOLDER: "/tmp/mail",
  });
  expect(await start.ended).toBe(1);
  expect(start.output()).toMatch(/^ *SMTP_URL and MAIL_FROM are missing: set both, or MAIL=off/m);
  expect(start.output()).not.toMatch(/Schema|Build/);
}, 300_000);

test("npm start: two concurrent first starts share secrets and build, and each serves its own port", async () => {
  [one, two] = await Promise.all([npmStart(), npmStart()]);
  await Promise.all([one.shown, two.shown]);
  const secrets = readFileSync(join(clone, ".env.local"), "utf8");
  expect(secrets.match(/SESSION_SECRET=/g)).toHaveLength(1);
  expect(statSync(join(clone, ".env.local")).mode & 0o777).toBe(0o600);
  for (const start of [one, two]) {
    // The copied .env.example sets port 3000.
    expect(start.output()).toMatch(new RegExp(`^ +Open +http://localhost:${start.port}$`, "m"));
    expect(start.output()).toContain(`the app listens on port ${start.port}`);
    expect(start.output()).toMatch(new RegExp(`^ +Mail +http://localhost:${start.port}/dev/mailbox`, "m"));
    expect((await loginPage(start)).status).toBe(200);
    const log = join(clone, ".data", "logs", `app-${start.port}.log`);
    expect(statSync(log).mode & 0o777).toBe(0o600);
  }
}, 900_000);

test("npm start: reports that another start of this folder uses the port", async () => {
  const start = await npmStart({ PORT: String(one.port) });
  expect(await start.ended).toBe(1);
  expect(start.output()).toContain(
    `in use by another start in this folder (process ${pidOf(one.identities().starter)})`,
  );
}, 300_000);

test("npm start: a changed page gets a new build while a running instance keeps its own pages and scripts", async () => {
  const page = join(clone, "app", "layout.tsx");
  const text = readFileSync(page, "utf8");
  writeFileSync(page, text.replace(/<html /, '<html data-build="changed" '));
  expect(readFileSync(page, "utf8")).not.toBe(text);

  process.kill(one.npm, "SIGTERM");
  await one.ended;
  one = await npmStart();
  await one.shown;
  const [changed, unchanged] = [await loginPage(one), await loginPage(two)];
  expect(changed.html).toContain('data-build="changed"');
  expect(unchanged.html).not.toContain("data-build");
  for (const { status, statuses } of [changed, unchanged]) {
    expect(status).toBe(200);
    expect(statuses.length).toBeGreaterThan(3);
    expect(new Set(statuses)).toEqual(new Set([200]));
  }
}, 900_000);

test("npm start: when it is killed its app stops, and the database keeps running for the other start", async () => {
  const { app, starter } = one.identities();
  process.kill(pidOf(starter), "SIGKILL");
  expect(await waitForExit(app, 120)).toBe(true);
  await one.ended;
  expect((await fetch(`http://localhost:${two.port}/api/health/ready`)).status).toBe(200);
}, 300_000);

test("npm start: when npm is killed, script, app and database stop", async () => {
  const { app, starter } = two.identities();
  const database = readFileSync(join(clone, ".data", "mysql", "running"), "utf8");
  expect([app, starter, database].map(isRunning)).toEqual([true, true, true]);
  process.kill(two.npm, "SIGKILL");
  for (const identity of [starter, app, database]) expect(await waitForExit(identity, 120)).toBe(true);
}, 300_000);

test("npm start: when the last start is killed, the database stops", async () => {
  const start = await npmStart();
  await start.shown;
  const { app, starter } = start.identities();
  const database = readFileSync(join(clone, ".data", "mysql", "running"), "utf8");
  process.kill(pidOf(starter), "SIGKILL");
  for (const identity of [app, database]) expect(await waitForExit(identity, 120)).toBe(true);
}, 300_000);
