import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { findServerPort, isPortInUse } from "@/scripts/loopback.mjs";
import { DATA, ROOT } from "@/scripts/paths.mjs";
import { startDatabase } from "./database";
import { randomLoopbackAddress, Client } from "./client";

const AUTHORITY = join(DATA, "https", "caddy", "pki", "authorities", "local", "root.crt");

test("npm run https: serves the app with a local certificate authority and stops all processes", async ({}, {
  parallelIndex,
}) => {
  test.setTimeout(120_000);
  const database = await startDatabase(parallelIndex);
  const [port, httpsPort] = [await findServerPort(), await findServerPort()];
  const origin = `https://localhost:${httpsPort}`;
  const env = { ...process.env, DATABASE_URL: database.url, APP_ORIGIN: origin, PORT: String(port) };
  const command = spawn(process.execPath, [join(ROOT, "scripts", "https.mjs")], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    let output = "";
    command.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, { timeout: 90_000 }).toMatch(/Open +https:/);
    expect(output).toContain(".data/https/caddy/pki/authorities/local/root.crt");

    const endpoint = { port: httpsPort, caCertificate: readFileSync(AUTHORITY, "utf8") };
    const client = new Client(endpoint, origin, randomLoopbackAddress());
    await client.register();
    expect(client.jar.names.sort()).toEqual(["__Host-__acc", "__Host-__ref"]);
    expect(await client.addressInSessionList([["X-Forwarded-For", "203.0.113.9"]])).toBe(client.source);
  } finally {
    command.kill("SIGINT");
    await once(command, "exit");
    await database.stop();
  }
  expect(existsSync(AUTHORITY), "the certificate authority is kept").toBe(true);
  expect([await isPortInUse(port), await isPortInUse(httpsPort)]).toEqual([false, false]);
});
