import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

const START_SECONDS = 20;

export interface Program {
  stop: () => Promise<void>;
}

/** Starts a server program; resolves once every port accepts connections. Its output is written to `folder`. */
export async function startProgram(
  command: string,
  args: string[],
  { folder, ports, env = {} }: { folder: string; ports: number[]; env?: Record<string, string> },
): Promise<Program> {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, "output.log");
  const output = openSync(log, "w");
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
  const deadline = Date.now() + START_SECONDS * 1000;
  for (const port of ports) {
    while (!(await acceptsConnections(port))) {
      if (child.exitCode === null && child.pid !== undefined && Date.now() < deadline) continue;
      child.kill("SIGKILL");
      throw new Error(`${command} did not start:\n${readFileSync(log, "utf8")}`);
    }
  }
  return {
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (takes: boolean) => {
      socket.destroy();
      setTimeout(() => resolve(takes), takes ? 0 : 50);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}
