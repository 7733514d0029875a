import { join } from "node:path";
import { test as base } from "@playwright/test";
import { startApp } from "@/scripts/app.mjs";
import { findServerPort } from "@/scripts/loopback.mjs";
import type { Endpoint } from "@/evidence/http-client";
import { startCaddy, startInnerCaddy } from "./caddy";
import { folderOf, startDatabase } from "./database";
import { startHaproxy } from "./haproxy";
import { startNginx } from "./nginx";
import { removeLoopbackAddresses } from "./loopback-addresses";
import { randomLoopbackAddress, Client } from "./client";

export const PROXY_SETUPS = [
  "no proxy",
  "Caddy",
  "nginx",
  "nginx that appends",
  "HAProxy",
  "HAProxy that adds a line",
  "nginx and Caddy",
  "HAProxy and Caddy",
] as const;

export type ProxySetup = (typeof PROXY_SETUPS)[number];

export interface RunningProxies {
  endpoints: Record<ProxySetup, Endpoint>;
  /** APP_ORIGIN of the app in each setup. */
  origins: Record<ProxySetup, string>;
  /** The inner of two proxies, reached directly. */
  innerEndpoint: Endpoint;
  stop: () => Promise<void>;
}

/** Starts all proxy setups, with the rate limits of production. */
async function startProxies(worker: number): Promise<RunningProxies> {
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
  const ports = await Promise.all(Array.from({ length: 14 }, findServerPort));
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
    const { caCertificate } = caddy;
    const open = async (start: typeof startNginx, name: string, instance: number, changes = {}): Promise<Endpoint> => {
      const settings = { port: port(), httpPort: port(), instances: [instance], caddy, changes };
      await started(start(place(name), settings));
      return { port: settings.port, caCertificate };
    };
    const endpoints = {
      "no proxy": { port: bare.port, caCertificate: null },
      Caddy: { port: caddy.httpsPort, caCertificate },
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
    } satisfies Record<ProxySetup, Endpoint>;
    const origins = Object.fromEntries(PROXY_SETUPS.map((name) => [name, name === "no proxy" ? bare.url : origin]));
    return {
      endpoints,
      origins: origins as RunningProxies["origins"],
      innerEndpoint: { port: innerPort, caCertificate: null },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface ClientFixture {
  /** A new client of a setup, from a random loopback address unless one is given. */
  newClient: (name: ProxySetup, source?: string) => Client;
}

export const test = base.extend<ClientFixture, { proxies: RunningProxies }>({
  proxies: [
    async ({}, use, { parallelIndex }) => {
      const proxies = await startProxies(parallelIndex);
      await use(proxies);
      await proxies.stop();
      removeLoopbackAddresses();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  newClient: async ({ proxies }, use) => {
    await use(
      (name, source = randomLoopbackAddress()) => new Client(proxies.endpoints[name], proxies.origins[name], source),
    );
  },
});
