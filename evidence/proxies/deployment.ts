import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium, test as base, type Browser } from "@playwright/test";
import { SHORT_LIFETIMES, type Variables } from "@/e2e/kit/dedicated-server";
import { startApp, type App } from "@/scripts/app.mjs";
import { findChromium } from "@/scripts/chromium.mjs";
import { findServerPort } from "@/scripts/loopback.mjs";
import { startCaddy, type Caddy } from "./caddy";
import { folderOf, startDatabase } from "./database";

/** The deployment of compose.yaml on this machine: two instances, one database, and Caddy with a local authority. */
export class Deployment {
  private constructor(
    readonly caddy: Caddy,
    readonly instances: App[],
    readonly folder: string,
    private readonly settings: Variables,
    private readonly stopDatabase: () => Promise<void>,
  ) {}

  static async start(worker: number, lives: Variables): Promise<Deployment> {
    const database = await startDatabase(worker);
    const folder = join(folderOf(worker), "deployment");
    try {
      const port = await findServerPort();
      const origin = `https://localhost:${port}`;
      const settings = {
        ...lives,
        DATABASE_URL: database.url,
        APP_ORIGIN: origin,
        TRUSTED_PROXY_HOPS: "1",
        RATE_LIMIT_FACTOR: "1000",
      };
      const instances = await Promise.all([startApp({ env: settings }), startApp({ env: settings })]);
      const caddy = await startCaddy(
        folder,
        port,
        instances.map((instance) => instance.port),
      );
      const stop = async () => void (await database.stop());
      return new Deployment(caddy, instances, folder, settings, stop);
    } catch (error) {
      await database.stop();
      throw error;
    }
  }

  get origin(): string {
    return `https://localhost:${this.caddy.httpsPort}`;
  }

  /** Replaces an instance as a rolling deployment does. Returns how the old one exited. */
  async replace(at: number): ReturnType<App["stop"]> {
    const { port } = this.instances[at]!;
    const end = await this.instances[at]!.stop();
    this.instances[at] = await startApp({ port, env: this.settings });
    return end;
  }

  async stop(): Promise<void> {
    await this.caddy.stop();
    for (const instance of this.instances) await instance.stop();
    await this.stopDatabase();
  }
}

/** A browser that trusts this certificate authority. */
async function startBrowser(folder: string, authorityFile: string): Promise<Browser> {
  const home = join(folder, "home");
  const store = join(home, ".pki", "nssdb");
  rmSync(home, { recursive: true, force: true });
  mkdirSync(store, { recursive: true });
  const certutil = (...args: string[]) => execFileSync("certutil", ["-d", `sql:${store}`, ...args]);
  certutil("-N", "--empty-password");
  certutil("-A", "-t", "C,,", "-n", "caddy", "-i", authorityFile);
  return chromium.launch({ executablePath: findChromium(), env: { ...process.env, HOME: home } });
}

export const test = base.extend<object, { lives: Variables; deployment: Deployment; trustingBrowser: Browser }>({
  /** Lifetimes of seconds by default. */
  lives: [SHORT_LIFETIMES, { scope: "worker", option: true }],
  deployment: [
    async ({ lives }, use, { parallelIndex }) => {
      const deployment = await Deployment.start(parallelIndex, lives);
      await use(deployment);
      await deployment.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  trustingBrowser: [
    async ({ deployment }, use) => {
      const browser = await startBrowser(deployment.folder, deployment.caddy.authorityFile);
      await use(browser);
      await browser.close();
    },
    { scope: "worker" },
  ],
  context: async ({ trustingBrowser, deployment }, use) => {
    const context = await trustingBrowser.newContext({ baseURL: deployment.origin });
    await use(context);
    await context.close();
  },
});
