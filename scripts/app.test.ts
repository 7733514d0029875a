import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { identify, waitForExit } from "./process-identity.mjs";
import { findListener } from "./loopback.mjs";

const folder = mkdtempSync(join(tmpdir(), "portcullis-"));
const moduleUrl = (name: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href);

/** Runs `program`, which prints the pid of the process that it starts, and kills it with SIGKILL. */
async function killParent(program: string): Promise<string> {
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [output] = (await once(parent.stdout, "data")) as [Buffer];
  const started = identify(Number(output.toString()));
  expect(started).not.toBeNull();
  parent.kill("SIGKILL");
  await once(parent, "exit");
  return started ?? "";
}

test("app: receives SIGTERM when its parent process is killed", async () => {
  const ended = join(folder, "ended");
  const entry = join(folder, "entry app.mjs");
  writeFileSync(
    entry,
    `import { createServer } from "node:http";
     import { writeFileSync } from "node:fs";
     createServer((_, response) => response.end("{}")).listen(process.env.PORT);
     process.on("SIGTERM", () => { writeFileSync(${JSON.stringify(ended)}, "SIGTERM"); process.exit(0); });`,
  );
  const app = await killParent(`
    import { startApp } from ${moduleUrl("app.mjs")};
    const app = await startApp({ entry: ${JSON.stringify(entry)}, log: ${JSON.stringify(join(folder, "app.log"))}, detached: true });
    console.log(app.pid);`);
  expect(await waitForExit(app, 60)).toBe(true);
  expect(readFileSync(ended, "utf8")).toBe("SIGTERM");
}, 120_000);

test("build: ends when its parent process is killed, even while it reads standard input", async () => {
  const pidFile = join(folder, "pid");
  const work = `
    process.stdin.resume();
    require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
    console.log("running");
    setInterval(() => {}, 1000);`;
  const child = await killParent(`
    import { readFileSync } from "node:fs";
    import { run } from ${moduleUrl("command.mjs")};
    await run(process.execPath, ["--eval", ${JSON.stringify(work)}], {
      log: ${JSON.stringify(join(folder, "work.log"))},
      onLine: () => console.log(readFileSync(${JSON.stringify(pidFile)}, "utf8")),
    });`);
  expect(await waitForExit(child, 60)).toBe(true);
}, 120_000);

test("identifyNpmProcesses: finds npm behind an intermediate shell", () => {
  const program = `import { identifyNpmProcesses } from ${moduleUrl("process-identity.mjs")}; console.log(JSON.stringify(identifyNpmProcesses()));`;
  const ask = (env: Record<string, string>) =>
    JSON.parse(
      // A trailing command keeps the shell from replacing itself with the program.
      execFileSync("sh", ["-c", '"$0" --input-type=module --eval "$1"; true', process.execPath, program], {
        env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
        encoding: "utf8",
      }),
    ) as string[];
  expect(ask({ npm_lifecycle_event: "start" })).toContain(identify(process.pid));
  expect(ask({})).toEqual([]);
});

test.runIf(process.platform === "linux")("findListener: returns the process that listens on a port", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await findListener(port)).toEqual({ pid: process.pid, command: expect.stringMatching(/node|vitest/) });
});
