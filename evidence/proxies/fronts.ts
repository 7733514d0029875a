import { join } from "node:path";
import { test as base } from "@playwright/test";
import { startApp } from "@/scripts/app.mjs";
import { findFreePort } from "@/scripts/loopback.mjs";
import type { Door } from "./ask";
import { startCaddy, startInnerCaddy } from "./caddy";
import { folderOf, startDatabase } from "./database";
import { startHaproxy } from "./haproxy";
import { startNginx } from "./nginx";
import { returnAddresses } from "./own-addresses";
import { anyAddress, Visitor } from "./visitor";

export const FRONTS = [
  "no proxy",
  "Caddy",
  "nginx",
  "nginx that appends",
  "HAProxy",
  "HAProxy that adds a line",
  "nginx and Caddy",
  "HAProxy and Caddy",
] as const;

export type FrontName = (typeof FRONTS)[number];

export interface Fronts {
  doors: Record<FrontName, Door>;
  /** What the app behind each takes for its own. */
  origins: Record<FrontName, string>;
  /** The inner one of two proxies, as whoever comes past the outer one sees it. */
  innerDoor: Door;
  stop: () => Promise<void>;
}

/** Every way in which the app may be reached: its ceilings are those of a production. */
async function openFronts(worker: number): Promise<Fronts> {
  const undo: (() => Promise<unknown>)[] = [];
  const started = async <Thing extends { stop: () => Promise<unknown> }>(thing: Promise<Thing>): Promise<Thing> => {
    const one = await thing;
    undo.push(() => one.stop());
    return one;
  };
  const stop = async () => {
    for (const end of undo.splice(0).reverse()) await end();
  };
  const place = (name: string) => join(folderOf(worker), name);
  const ports = await Promise.all(Array.from({ length: 14 }, findFreePort));
  const port = () => ports.pop()!;
  try {
    const { url } = await started(startDatabase(worker));
    const origin = `https://localhost:${ports[0]}`;
    const instance = (hops: number, more: Record<string, string>) =>
      started(startApp({ env: { DATABASE_URL: url, TRUSTED_PROXY_HOPS: String(hops), ...more } }));
    const [bare, single, double] = await Promise.all([
      instance(0, {}),
      instance(1, { APP_ORIGIN: origin }),
      instance(2, { APP_ORIGIN: origin }),
    ]);

    const caddy = await started(startCaddy(place("caddy"), ports[0]!, [single.port]));
    const innerPort = port();
    await started(startInnerCaddy(place("inner"), innerPort, "127.0.0.1", double.port));
    const { authority } = caddy;
    const open = async (start: typeof startNginx, name: string, instance: number, changes = {}): Promise<Door> => {
      const settings = { port: port(), httpPort: port(), instances: [instance], caddy, changes };
      await started(start(place(name), settings));
      return { port: settings.port, authority };
    };
    const doors = {
      "no proxy": { port: bare.port, authority: null },
      Caddy: { port: caddy.httpsPort, authority },
      nginx: await open(startNginx, "nginx", single.port),
      "nginx that appends": await open(startNginx, "nginx-appends", single.port, {
        "X-Forwarded-For $remote_addr": "X-Forwarded-For $proxy_add_x_forwarded_for",
      }),
      HAProxy: await open(startHaproxy, "haproxy", single.port),
      "HAProxy that adds a line": await open(startHaproxy, "haproxy-adds", single.port, {
        "http-request set-header X-Forwarded-For %[src]": "option forwardfor",
      }),
      "nginx and Caddy": await open(startNginx, "outer-nginx", innerPort),
      "HAProxy and Caddy": await open(startHaproxy, "outer-haproxy", innerPort),
    } satisfies Record<FrontName, Door>;
    const origins = Object.fromEntries(FRONTS.map((name) => [name, name === "no proxy" ? bare.url : origin]));
    return { doors, origins: origins as Fronts["origins"], innerDoor: { port: innerPort, authority: null }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Visits {
  /** Somebody new at this door, from an address that nobody else has unless one is given. */
  visit: (name: FrontName, source?: string) => Visitor;
}

export const test = base.extend<Visits, { fronts: Fronts }>({
  fronts: [
    async ({}, use, { parallelIndex }) => {
      const fronts = await openFronts(parallelIndex);
      await use(fronts);
      await fronts.stop();
      returnAddresses();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  visit: async ({ fronts }, use) => {
    await use((name, source = anyAddress()) => new Visitor(fronts.doors[name], fronts.origins[name], source));
  },
});
