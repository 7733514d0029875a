import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import mysql from "mysql2/promise";
import { startApp } from "../../scripts/app.mjs";
import { onExit } from "../../scripts/lifecycle.mjs";
import { findFreePort } from "../../scripts/loopback.mjs";
import { provideServer } from "../../scripts/mysql/provide.mjs";
import { DATA, ROOT } from "../../scripts/paths.mjs";
import { buildOnce } from "../../scripts/production-build.mjs";
import { migrate } from "../../scripts/schema.mjs";

/**
 * @typedef {object} TestApp
 * @property {string} url
 * @property {number} pid of the app
 * @property {() => Promise<{ delays: number[], ownDelays: number[] }>} readDelays event loop delays since the last call, in milliseconds: total, and without CPU wait
 * @property {(count: number, given: { passwordHash: string, isDisabled?: boolean }) => Promise<string[]>} insertAccounts their emails
 * @property {() => Promise<void>} close
 */

/**
 * Starts the production build with a new database. Client addresses come from X-Forwarded-For. Rate limits by address are lifted;
 * those by account apply.
 * @param {string} name  @param {(detail: string) => void} onProgress  @returns {Promise<TestApp>}
 */
export async function startTestApp(name, onProgress) {
  await buildOnce(onProgress);
  const server = await provideServer({ directory: join(DATA, "timing", "mysql"), onProgress });
  onExit(server.stop);
  const database = `timing_${name.replace("-", "_")}_${Date.now()}`;
  const admin = await mysql.createConnection(optionsOf(server.url));
  await admin.query(`create database ${database}`);
  await admin.query(`use ${database}`);
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  await migrate(url.href);

  const probePort = await findFreePort();
  const probe = pathToFileURL(join(ROOT, "evidence", "timing", "loop-probe.mjs"));
  const app = await startApp({
    env: {
      DATABASE_URL: url.href,
      NODE_OPTIONS: `--import ${probe.href}`,
      LOOP_PROBE_PORT: String(probePort),
      TRUSTED_PROXY_HOPS: "1",
      RATE_LIMIT_FACTOR: "100000",
    },
  });
  onExit(() => app.stop());
  onProgress(`one instance on ${server.version}`);

  return {
    url: app.url,
    pid: app.pid,
    readDelays: async () => (await fetch(`http://127.0.0.1:${probePort}`)).json(),
    insertAccounts: async (count, { passwordHash, isDisabled = false }) => {
      const now = new Date();
      const rows = Array.from({ length: count }, () => {
        const id = randomUUID();
        return [id, `${id}@timing.test`, "Ada Lovelace", passwordHash, isDisabled ? now : null, now, now];
      });
      await admin.query(
        "insert into users (id, email, full_name, password_hash, disabled_at, created_at, updated_at) values ?",
        [rows],
      );
      return rows.map(([, email]) => String(email));
    },
    close: async () => {
      await app.stop();
      await admin.query(`drop database ${database}`);
      await admin.end();
      await server.stop();
    },
  };
}

/** @param {string} url */
function optionsOf(url) {
  const { hostname, port, username, password, searchParams } = new URL(url);
  const socketPath = searchParams.get("socketPath") ?? undefined;
  const at = socketPath === undefined ? { host: hostname, port: Number(port || 3306) } : { socketPath };
  return { ...at, user: decodeURIComponent(username), password: decodeURIComponent(password), timezone: "Z" };
}
