import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "../command.mjs";
import { findServerPort } from "../loopback.mjs";
import { makePrivateFolder } from "./socket-path.mjs";

const START_SECONDS = 300;

/**
 * Runs only the database of compose.yaml, in a separate compose project, on a loopback port that is chosen once.
 * @param {{ directory: string }} options
 * @returns {Promise<import("./private-server.mjs").Server>}
 */
export async function startComposeServer({ directory }) {
  makePrivateFolder(directory);
  const { port, password } = await readSettings(join(directory, "compose.json"));
  const env = {
    ...process.env,
    COMPOSE_PROJECT_NAME: `portcullis-${createHash("sha256").update(directory).digest("hex").slice(0, 8)}`,
    MYSQL_PORT: String(port),
    MYSQL_ROOT_PASSWORD: password,
    MYSQL_PASSWORD: password,
    // compose.yaml requires these variables even if only the database is started.
    ...Object.fromEntries(
      ["APP_HOST", "SESSION_SECRET", "JWT_ACCESS_SECRET", "ENCRYPTION_SECRET"].map((name) => [name, "not-used-here"]),
    ),
  };
  const compose = async (/** @type {string[]} */ ...args) => {
    await runOrThrow("docker", ["compose", ...args, "db"], {
      log: join(directory, `compose-${args[0]}.log`),
      env,
      seconds: START_SECONDS,
    });
  };
  const start = () => compose("up", "-d", "--wait");
  await start();
  return {
    url: `mysql://root:${password}@127.0.0.1:${port}/portcullis`,
    version: "MySQL in a container",
    pid: 0,
    start,
    stop: () => compose("stop"),
    kill: () => compose("kill"),
    pause: () => compose("pause"),
    resume: () => compose("unpause"),
  };
}

/** @param {string} file  @returns {Promise<{ port: number, password: string }>} */
async function readSettings(file) {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const settings = { port: await findServerPort(), password: randomBytes(24).toString("hex") };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  return settings;
}
