import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { startApp, type App } from "@/scripts/app.mjs";
import { findServerPort } from "@/scripts/loopback.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { DATA, ENTRY } from "@/scripts/paths.mjs";
import { appLogFile } from "./redaction-records";

export type Variables = Record<string, string>;

/** Short enough for a test to wait for expiry, long enough for a busy machine: half the grace period is the request timeout. */
export const SHORT_LIFETIMES = {
  ACCESS_TOKEN_SECONDS: "9",
  REFRESH_BEFORE_EXPIRY_SECONDS: "2",
  REFRESH_GRACE_SECONDS: "6",
} satisfies Variables;

/** An app and a database that one test uses at a time, so that it may stop them. */
export class DedicatedServer {
  readonly url: string;
  #app: App | null = null;
  #isAltered = false;

  private constructor(
    readonly database: Server,
    readonly port: number,
    private readonly variables: Variables,
  ) {
    this.url = `http://localhost:${port}`;
  }

  /** `name` must be unique among servers that run at the same time. */
  static async start(name: string, variables: Variables): Promise<DedicatedServer> {
    // Each run has secrets of its own, and an app does not start on a database whose keys were encrypted under others.
    const database = await provideServer({ directory: join(DATA, "e2e", name, "mysql"), fresh: true });
    try {
      const env = { ...process.env, DATABASE_URL: database.url };
      await promisify(execFile)(process.execPath, [join(ENTRY, "migrate.mjs")], { env });
      const server = new DedicatedServer(database, await findServerPort(), variables);
      await server.startApp();
      return server;
    } catch (error) {
      await database.stop();
      throw error;
    }
  }

  get app(): App {
    if (this.#app === null) throw new Error("The app is stopped");
    return this.#app;
  }

  /** Starts the app at the same address with the same secrets; `given` overrides variables until the test ends. */
  async startApp(given: Variables = {}): Promise<void> {
    const env = { ...this.variables, ...given, DATABASE_URL: this.database.url };
    this.#isAltered = Object.keys(given).length > 0;
    this.#app = await startApp({ port: this.port, env, log: appLogFile(`own-${this.port}-${Date.now()}`) });
    await this.#warmUp();
  }

  /** The first response of each route is slow, and could exceed a timeout or a short lifetime in a test. */
  async #warmUp(): Promise<void> {
    const paths = [
      "/login",
      "/register",
      "/second-factor",
      "/dashboard",
      "/dashboard/sessions",
      "/dashboard/account",
      "/dashboard/security",
      "/api/trpc/auth.session",
    ];
    // With any access cookie the request passes the middleware and reaches the page.
    const load = (path: string) => fetch(this.url + path, { headers: { cookie: "__acc=x" }, redirect: "manual" });
    // Refused, but starts a hash worker.
    const logIn = () =>
      fetch(`${this.url}/api/trpc/auth.login`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: this.url },
        body: JSON.stringify({ email: "nobody@example.test", password: "a guess" }),
      });
    // On a busy machine the first requests time out, and what they started would still run when a test sends its own.
    const repeatUntilServed = async (send: () => Promise<Response>): Promise<void> => {
      const isServed = await send()
        .then((response) => response.text().then(() => response.status !== 503))
        .catch(() => false);
      if (!isServed) await repeatUntilServed(send);
    };
    await Promise.all([logIn, ...paths.map((path) => () => load(path))].map(repeatUntilServed));
  }

  /** Stops the app with SIGTERM, like a deployment; returns its exit code and signal. */
  async stopApp(): ReturnType<App["stop"]> {
    const { app } = this;
    this.#app = null;
    return app.stop();
  }

  /** Kills the app, like a crash. */
  async killApp(): ReturnType<App["kill"]> {
    const { app } = this;
    this.#app = null;
    return app.kill();
  }

  /** Starts whatever a test left stopped, with the original variables. */
  async restore(): Promise<void> {
    await this.database.resume();
    await this.database.start();
    if (this.#app !== null && this.#isAltered) await this.stopApp();
    if (this.#app === null) await this.startApp();
    await this.app.ready();
  }

  async stop(): Promise<void> {
    await this.#app?.stop();
    await this.database.resume();
    await this.database.stop();
  }
}
