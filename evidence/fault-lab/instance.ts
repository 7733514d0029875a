import { join } from "node:path";
import { startApp, type App } from "@/scripts/app.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { migrate } from "@/scripts/schema.mjs";
import type { DatabaseProxy } from "./database-proxy";
import type { Lifetimes } from "./lab";

export type Environment = Record<string, string>;

export function environmentFor(lifetimes: Lifetimes): Environment {
  return {
    ACCESS_TOKEN_SECONDS: String(lifetimes.accessSeconds),
    REFRESH_BEFORE_EXPIRY_SECONDS: String(lifetimes.beforeExpirySeconds),
    REFRESH_GRACE_SECONDS: String(lifetimes.graceSeconds),
    REFRESH_TOKEN_SECONDS: String(lifetimes.idleSeconds),
  };
}

/** A build of the app, and where its instances write their logs. */
export interface Build {
  logs: string;
  /** Runs its migrations. */
  migrate: (url: string) => Promise<unknown>;
  /** Its entry and its folder; without them, the current build of this folder. */
  entry?: string;
  cwd?: string;
}

/** @param program the folder of its logs, in `.data` */
export function currentBuild(program: string): Build {
  return { logs: join(DATA, program, "logs"), migrate };
}

/** An instance whose log is a descriptor, started by a wrapper command. */
export interface Limits {
  log: number;
  prefix: string[];
}

/** One instance of the app, with its own database proxy. */
export class Instance {
  readonly logs: string[] = [];
  kills = 0;
  /** Exits that the lab did not cause. */
  unexpectedExits = 0;
  #app: App | null = null;

  constructor(
    readonly index: number,
    readonly port: number,
    readonly databaseProxy: DatabaseProxy,
    private readonly build: Build,
  ) {}

  async start(variables: Environment, limits?: Limits): Promise<void> {
    const { logs, entry, cwd } = this.build;
    const log = join(logs, `app-${this.index}-${this.logs.length}.log`);
    this.logs.push(log);
    const app = await startApp({ port: this.port, env: variables, log, until: "live", entry, cwd, ...limits });
    this.#app = app;
    void app.exited.then(() => {
      if (this.#app === app) this.unexpectedExits += 1;
    });
  }

  async kill(): Promise<void> {
    const app = this.#app;
    if (app === null) return;
    this.#app = null;
    this.kills += 1;
    await app.kill();
  }

  /** Stops the process with SIGSTOP, as a paused container: requests wait in its sockets. */
  suspend(): void {
    if (this.pid > 0) process.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    if (this.pid > 0) process.kill(this.pid, "SIGCONT");
  }

  /** Returns the exit code. */
  async stop(): Promise<number | null> {
    const app = this.#app;
    this.#app = null;
    return (await app?.stop())?.code ?? null;
  }

  /** Resolves when the readiness check passes. */
  async ready(): Promise<void> {
    await this.#app?.ready();
  }

  get isRunning(): boolean {
    return this.#app !== null;
  }

  /** The file of the log since the last start. */
  get log(): string {
    return this.logs.at(-1)!;
  }

  get pid(): number {
    return this.#app?.pid ?? 0;
  }
}
