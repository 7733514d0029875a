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

/** Runs `program`, which prints the process that it started, and kills it without notice. */
async function killStarter(program: string): Promise<string> {
  const starter = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void starter.kill("SIGKILL"));
  const [said] = (await once(starter.stdout, "data")) as [Buffer];
  const started = identify(Number(said.toString()));
  expect(started).not.toBeNull();
  starter.kill("SIGKILL");
  await once(starter, "exit");
  return started ?? "";
}

test("an app ends when its starter is killed, as after a SIGTERM", async () => {
  const ended = join(folder, "ended");
  const entry = join(folder, "entry app.mjs");
  writeFileSync(
    entry,
    `import { createServer } from "node:http";
     import { writeFileSync } from "node:fs";
     createServer((_, response) => response.end("{}")).listen(process.env.PORT);
     process.on("SIGTERM", () => { writeFileSync(${JSON.stringify(ended)}, "SIGTERM"); process.exit(0); });`,
  );
  const app = await killStarter(`
    import { startApp } from ${moduleUrl("app.mjs")};
    const app = await startApp({ entry: ${JSON.stringify(entry)}, log: ${JSON.stringify(join(folder, "app.log"))}, detached: true });
    console.log(app.pid);`);
  expect(await waitForExit(app, 60)).toBe(true);
  expect(readFileSync(ended, "utf8")).toBe("SIGTERM");
}, 120_000);

test("a build ends when its starter is killed, although it reads its standard input", async () => {
  const pidFile = join(folder, "pid");
  const work = `
    process.stdin.resume();
    require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
    console.log("running");
    setInterval(() => {}, 1000);`;
  const child = await killStarter(`
    import { readFileSync } from "node:fs";
    import { run } from ${moduleUrl("command.mjs")};
    await run(process.execPath, ["--eval", ${JSON.stringify(work)}], {
      log: ${JSON.stringify(join(folder, "work.log"))},
      onLine: () => console.log(readFileSync(${JSON.stringify(pidFile)}, "utf8")),
    });`);
  expect(await waitForExit(child, 60)).toBe(true);
}, 120_000);

test("npm is known behind the shell that it started", () => {
  const program = `import { identifyNpmProcesses } from ${moduleUrl("process-identity.mjs")}; console.log(JSON.stringify(identifyNpmProcesses()));`;
  const ask = (env: Record<string, string>) =>
    JSON.parse(
      // What follows keeps the shell from becoming the program.
      execFileSync("sh", ["-c", '"$0" --input-type=module --eval "$1"; true', process.execPath, program], {
        env: { NODE_ENV: "test", PATH: process.env.PATH, ...env },
        encoding: "utf8",
      }),
    ) as string[];
  expect(ask({ npm_lifecycle_event: "start" })).toContain(identify(process.pid));
  expect(ask({})).toEqual([]);
});

test.runIf(process.platform === "linux")("the program that listens on a port is named", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await findListener(port)).toEqual({ pid: process.pid, command: expect.stringMatching(/node|vitest/) });
});
