import { execFileSync, spawn, spawnSync, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, constants, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ROOT } from "@/scripts/paths.mjs";
import { usePrograms } from "@/server/http/testing";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const APP = `
  import { createEntry } from "@/server/http/entry";
  import { shutDownOnSignal } from "@/server/http/shutdown";
  import { redirectConsoleToLog, redirectWarningsToLog } from "@/server/http/console-to-log";
  import { createLog } from "@/server/runtime/log";
  const log = createLog();
  redirectConsoleToLog(log);
  redirectWarningsToLog(log);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    process.exit(1);
  });
  let number = 0;
  const fill = (lines, characters) => {
    const text = "x".repeat(characters);
    for (let at = 0; at < lines; at++) log.info({ number: number++, text }, "filler");
  };
  const actions = {
    "/fill": (query) => fill(Number(query.get("lines")), Number(query.get("characters"))),
    "/event": () => log.error({ event: "session-replayed", number: number++ }, "security event"),
    "/print": () => {
      console.log("printed to standard output");
      console.error("printed to standard error");
      process.stdout.write("written to standard output\\n");
      process.stderr.write("written to standard error\\n");
      process.emitWarning("a warning of Node");
    },
    "/exit": () => { fill(500, 1000); process.exit(0); },
    "/throw": () => setImmediate(() => { fill(500, 1000); throw new Error("unexpected"); }),
  };
  const app = (request, response) => {
    const url = new URL(request.url, "http://localhost");
    actions[url.pathname]?.(url.searchParams);
    globalThis.gc();
    response.end(String(process.memoryUsage().heapUsed));
  };
  const settings = {
    NODE_ENV: "production", APP_ORIGIN: "http://localhost:3000", CORS_ORIGINS: [], TRUSTED_PROXY_HOPS: 0,
    RATE_LIMIT_FACTOR: 1000, REFRESH_GRACE_SECONDS: 30, guardedCookies: new Set(),
  };
  const server = createEntry(app, settings, log);
  server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
  shutDownOnSignal(server, { drainSeconds: 1, log, release: async () => {} });
`;

const folder = usePrograms({ app: APP });

/** Writes more than the queue holds, in lines of 10 kB. */
const OVERFLOW = "/fill?lines=2000&characters=10000";
const MEBIBYTE = 2 ** 20;

describe("log writer: the app continues to respond, and exits on SIGTERM, while standard output", () => {
  test("is a stalled pipe", async () => {
    const app = await start(newPipe().forWriting);
    await app.ask(OVERFLOW);
    await expectToContinue(app);
  });

  test("is a stalled pipe that another process has made blocking", async () => {
    const { forWriting } = newPipe();
    const app = await start(forWriting);
    // A child process of Node resets O_NONBLOCK on its standard output, which all processes that share it then see.
    spawnSync(process.execPath, ["--version"], { stdio: ["ignore", forWriting, "ignore"] });
    await app.ask(OVERFLOW);
    await expectToContinue(app);
  });

  test("is a stalled socket", async () => {
    const app = await start("pipe");
    await app.ask(OVERFLOW);
    await expectToContinue(app);
  });

  test("is a pipe whose reader has exited", async () => {
    const pipe = newPipe();
    const app = await start(pipe.forWriting);
    pipe.closeReader();
    await app.ask(OVERFLOW);
    await expectToContinue(app);
  });

  test("is a socket whose reader has exited", async () => {
    const app = await start("pipe");
    app.child.stdout?.destroy();
    await app.ask(OVERFLOW);
    await expectToContinue(app);
  });

  test.runIf(existsSync("/dev/full"))("is a file on a full disk", async () => {
    const app = await start(opened("/dev/full", constants.O_WRONLY));
    await app.ask(OVERFLOW);
    await expectToContinue(app);
  });

  test("and standard error are one stalled pipe", async () => {
    const { forWriting } = newPipe();
    const app = await start(forWriting, forWriting);
    await app.ask(OVERFLOW);
    await expectToContinue(app);
  });
});

test("log writer: memory is bounded while the output is stalled", async () => {
  const app = await start(newPipe().forWriting);
  const before = Number(await app.ask("/"));
  for (let time = 0; time < 5; time++) await app.ask(OVERFLOW);
  expect(Number(await app.ask("/")) - before).toBeLessThan(16 * MEBIBYTE);
});

test("log writer: after a stall every line is complete and in order, and the number of dropped lines is reported", async () => {
  const pipe = newPipe();
  const app = await start(pipe.forWriting);
  await app.ask(OVERFLOW);
  const text = await pipe.read((read) => read.includes("were dropped"));
  await app.ask("/fill?lines=1&characters=1");
  const lines = linesOf(text + (await pipe.read((read) => read.includes('"number":2000'))));

  const numbers = lines.filter(({ msg }) => msg === "filler").map(({ number }) => number);
  expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  const report = lines.find(({ dropped }) => dropped !== undefined);
  expect(report).toMatchObject({ level: "warn", droppedSecurityEvents: 0 });
  // Plus one: the log line of the request itself was dropped too.
  expect(report?.dropped).toBe(2000 - (numbers.length - 1) + 1);
  expect(lines.filter(({ dropped }) => dropped !== undefined)).toHaveLength(1);
});

test("log writer: security events are kept when other lines are dropped", async () => {
  const pipe = newPipe();
  const app = await start(pipe.forWriting);
  await app.ask(OVERFLOW);
  for (let time = 0; time < 20; time++) await app.ask("/event");
  const lines = linesOf(await pipe.read((read) => read.includes("were dropped")));
  expect(lines.filter(({ event }) => event === "session-replayed")).toHaveLength(20);
});

test("log writer: a slow reader receives every queued line, complete and in order", async () => {
  const pipe = newPipe();
  const app = await start(pipe.forWriting);
  // Longer than the buffer of a pipe, so that one line takes several writes.
  await app.ask("/fill?lines=3&characters=200000");
  await app.ask("/fill?lines=2000&characters=200");
  const lines = linesOf(await pipe.read((read) => read.includes('"number":2002'), 1000));
  expect(lines.filter(({ msg }) => msg === "filler").map(({ number }) => number)).toEqual(
    Array.from({ length: 2003 }, (_, at) => at),
  );
  expect(lines.some(({ dropped }) => dropped !== undefined)).toBe(false);
});

describe("log writer: at exit", () => {
  test.each([
    ["an exit", "/exit", 0],
    ["an uncaught exception", "/throw", 1],
  ])("log writer: lines logged before %s are in the file, complete and in order", async (_name, path, code) => {
    const file = join(folder, `${code}.log`);
    const app = await start(opened(file, constants.O_CREAT | constants.O_WRONLY | constants.O_APPEND));
    await app.ask(path).catch(() => {});
    expect(await app.exitCode).toBe(code);
    const lines = linesOf(readFileSync(file, "utf8"));
    const numbers = lines.filter(({ msg }) => msg === "filler").map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, at) => at));
    expect(lines.some(({ msg }) => msg === "uncaught exception")).toBe(code === 1);
  });

  test("log writer: a stalled output does not delay the exit", async () => {
    const app = await start(newPipe().forWriting);
    await app.ask(OVERFLOW);
    await app.ask("/exit").catch(() => {});
    expect(await app.exitCode).toBe(0);
  });
});

interface Running {
  child: ChildProcess;
  ask(path: string): Promise<string>;
  exitCode: Promise<number | null>;
}

async function start(stdout: number | "pipe", stderr: number | "ignore" = "ignore"): Promise<Running> {
  const stdio: StdioOptions = ["ignore", stdout, stderr, "ipc"];
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, ["--expose-gc", join(folder, "app.mjs")], {
    cwd: ROOT,
    env: { NODE_ENV: "production", PATH },
    stdio,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exitCode = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const { port } = await new Promise<{ port: number }>((resolve) => child.once("message", resolve));
  const ask = (path: string) =>
    new Promise<string>((resolve, reject) => {
      get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
        let body = "";
        response.on("data", (piece) => (body += piece)).on("end", () => resolve(body));
      }).on("error", reject);
    });
  return { child, ask, exitCode };
}

async function expectToContinue(app: Running): Promise<void> {
  for (let time = 0; time < 20; time++) await app.ask("/print");
  await app.ask(OVERFLOW);
  expect(Number(await app.ask("/"))).toBeGreaterThan(0);
  expect(app.child.exitCode).toBeNull();
  app.child.kill("SIGTERM");
  expect(await app.exitCode).toBe(0);
}

let pipes = 0;

/** A named pipe with both ends open in the test: the pipes that Node creates for a child process are socket pairs. */
function newPipe() {
  const path = join(folder, `pipe-${pipes++}`);
  execFileSync("mkfifo", [path]);
  const forReading = opened(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const forWriting = opened(path, constants.O_WRONLY);
  return {
    forWriting,
    closeReader: () => closeSync(forReading),
    /** Reads `bytes` per turn of the event loop until `isEnough`. */
    async read(isEnough: (text: string) => boolean, bytes = 65_536): Promise<string> {
      const piece = Buffer.alloc(bytes);
      let text = "";
      while (!isEnough(text) || !text.endsWith("\n")) {
        text += readNow(forReading, piece);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return text;
    },
  };
}

function readNow(descriptor: number, piece: Buffer): string {
  try {
    return piece.toString("utf8", 0, readSync(descriptor, piece));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "";
    throw error;
  }
}

function opened(path: string, flags: number): number {
  const descriptor = openSync(path, flags, 0o600);
  onTestFinished(() => {
    try {
      closeSync(descriptor);
    } catch {
      // Already closed by the test.
    }
  });
  return descriptor;
}

interface Line {
  msg: string;
  number: number;
  event?: string;
  dropped?: number;
}

/** Throws if a line is incomplete. */
function linesOf(text: string): Line[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}
