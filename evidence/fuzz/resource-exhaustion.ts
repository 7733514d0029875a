import { connect } from "node:net";
import { join } from "node:path";
import { limitDescriptors } from "@/evidence/connection-attacks/process-state";
import { UnreadLog } from "@/evidence/connection-attacks/unread-log";
import { sendRequest } from "@/evidence/http-client";
import { forEachConcurrently, pause } from "@/evidence/pause";
import { startApp, type App } from "@/scripts/app.mjs";
import { RESPONSE_TIMEOUT_SECONDS } from "./transport";

/** More log lines than a pipe holds. */
const REQUESTS = 400;
const CONCURRENCY = 8;
const DESCRIPTORS = 256;
const CONNECTIONS = 400;
const RECOVERY_SECONDS = 120;
const PAGES = ["/login", "/register", "/maintenance"];

/** Starts another instance whose log is not read and whose file descriptors run out. */
export async function checkResourceExhaustion(folder: string): Promise<string | null> {
  const log = new UnreadLog(join(folder, "unread-log"));
  const prefix = limitDescriptors(DESCRIPTORS);
  const app = await startApp({ log: log.writer, prefix, until: "live", env: { LOG_LEVEL: "debug" } });
  log.closeWriter();
  try {
    const violation = (await checkUnreadLog(app)) ?? (await checkDescriptorExhaustion(app));
    if (violation !== null) return violation;
    const lines = log.read().toString("utf8").split("\n").slice(0, -1);
    const line = lines.find((one) => !isJson(one));
    if (line !== undefined) return `a line of the log is not complete: ${line.slice(0, 200)}`;
    const { code } = await app.stop();
    return code === 0 ? null : `after SIGTERM it exited with ${code}`;
  } finally {
    await app.kill();
    log.close();
  }
}

async function checkUnreadLog({ port }: App): Promise<string | null> {
  let violation: string | null = null;
  await forEachConcurrently(Array.from({ length: REQUESTS }).keys(), CONCURRENCY, async (at) => {
    if (violation !== null) return;
    const status = await statusOf(port, "/api/health/live");
    if (status !== 200) violation = `with its log not read, request ${at} was answered ${status}`;
  });
  return violation;
}

/** The first load of a page while no file can be opened must not be cached as a failure. */
async function checkDescriptorExhaustion({ port }: App): Promise<string | null> {
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await pause(500);
  await Promise.all(PAGES.map((page) => statusOf(port, page, 3)));
  for (const socket of sockets) socket.destroy();

  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  for (const page of PAGES) {
    for (;;) {
      const status = await statusOf(port, page);
      if (status === 200) break;
      if (Date.now() > deadline) return `after its descriptors had run out ${page} was answered ${status}`;
      await pause(500);
    }
  }
  return null;
}

async function statusOf(port: number, path: string, seconds = RESPONSE_TIMEOUT_SECONDS): Promise<number | string> {
  const timeoutMilliseconds = seconds * 1000;
  const outcome = await sendRequest({
    port,
    method: "GET",
    path,
    headers: {},
    timeoutMilliseconds,
    signal: AbortSignal.timeout(timeoutMilliseconds),
  });
  return outcome.kind === "answered" ? outcome.status : outcome.why;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
