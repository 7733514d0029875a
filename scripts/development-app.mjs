import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startApp } from "./app.mjs";
import { bundleOptions } from "./bundle.mjs";
import { DATA } from "./paths.mjs";

/**
 * The app with hot reload. Next.js reloads pages and procedures; when the code of the entry changes, the process is
 * restarted.
 * @param {NonNullable<Parameters<typeof startApp>[0]>} options
 * @returns {Promise<Pick<import("./app.mjs").App, "url" | "ready" | "stop" | "kill" | "exited">>}
 */
export async function startDevelopmentApp(options) {
  const folder = join(DATA, "entry");
  const file = join(folder, "main.mjs");
  const settings = { ...options, entry: file, env: { ...options.env, PORTCULLIS_DEV: "1" } };
  let running = "";
  /** @type {import("./app.mjs").App | undefined} */
  let app;
  let isStopping = false;
  /** @type {(exit: Awaited<import("./app.mjs").App["exited"]>) => void} */
  let resolveExit = () => {};
  /** @type {import("./app.mjs").App["exited"]} */
  const exited = new Promise((resolve) => (resolveExit = resolve));

  async function restart() {
    const content = createHash("sha256").update(readFileSync(file)).digest("hex");
    if (content === running || isStopping) return;
    running = content;
    const old = app;
    app = undefined;
    await old?.stop();
    const fresh = await startApp(settings);
    app = fresh;
    void fresh.exited.then((exit) => app === fresh && resolveExit(exit));
  }

  const { context } = await import("esbuild");
  const watching = await context({
    ...bundleOptions({ main: "server/main.ts" }, folder),
    plugins: [
      {
        name: "restart on rebuild",
        setup: (build) => build.onEnd(({ errors }) => (errors.length === 0 ? restart() : undefined)),
      },
    ],
  });
  await watching.rebuild();
  await watching.watch();
  if (app === undefined) throw new Error("The entry could not be bundled");

  return {
    url: app.url,
    exited,
    ready: async (seconds) => app?.ready(seconds),
    kill: async () => (app ? app.kill() : { code: null, signal: null }),
    stop: async () => {
      isStopping = true;
      await watching.dispose();
      return app ? app.stop() : { code: null, signal: null };
    },
  };
}
