import { join } from "node:path";
import { startApp } from "./app.mjs";
import { onExit } from "./lifecycle.mjs";
import { provideServer } from "./mysql/provide.mjs";
import { UserError } from "./user-error.mjs";
import { DATA } from "./paths.mjs";
import { runCli } from "./run-cli.mjs";
import { buildOnce } from "./production-build.mjs";
import { migrate } from "./schema.mjs";

// Web server of the browser tests: the production build with a separate database. Playwright starts and stops it.
const port = Number(process.env.STAGE_PORT);
const directory = process.env.STAGE_DATABASE_DIRECTORY ?? "";

await runCli(async ({ step }) => {
  const database = await step("MySQL", async (onProgress) => {
    const server = await provideServer({ directory, onProgress, fresh: true });
    onExit(server.stop);
    await migrate(server.url);
    onProgress(server.version);
    return server;
  });
  await step("Build", buildOnce);
  const app = await step("Server", async () => {
    const log = join(process.env.STAGE_EVIDENCE ?? join(DATA, "logs"), `stage-${port}.log`);
    const started = await startApp({ port, env: { DATABASE_URL: database.url }, log, until: "started" });
    onExit(started.stop);
    await started.ready();
    return started;
  });
  const { code, signal } = await app.exited;
  throw new UserError(`The app exited unexpectedly (${signal ?? code}).`);
});
