import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { bundleOptions } from "@/scripts/bundle.mjs";
import { ROOT } from "@/scripts/paths.mjs";
import { COOKIE_NAMES } from "@/server/auth/tokens/cookies";
import { createLog } from "@/server/runtime/log";
import { createEntry, type App, type EntrySettings } from "./entry";

export interface TestRequest {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  /** An array is sent with chunked encoding. */
  body?: string | Buffer | Buffer[];
}

export interface TestResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface TestEntry {
  server: Server;
  /** The parsed log lines so far. */
  logLines: Record<string, unknown>[];
  request: (options?: TestRequest) => Promise<TestResponse>;
  /** Sends raw bytes and returns everything received until the connection closed. */
  sendRaw: (...parts: (string | number)[]) => Promise<string>;
  connectionCount: () => Promise<number>;
}

const SETTINGS: EntrySettings = {
  NODE_ENV: "production",
  APP_ORIGIN: "http://localhost:3000",
  CORS_ORIGINS: [],
  TRUSTED_PROXY_HOPS: 0,
  RATE_LIMIT_FACTOR: 1,
  REFRESH_GRACE_SECONDS: 30,
  guardedCookies: new Set(COOKIE_NAMES),
};

/** Starts the entry on a free port with `app` in place of Next. Closed at the end of the test. */
export async function startEntry(app: App, settings: Partial<EntrySettings> = {}): Promise<TestEntry> {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ write: (line) => lines.push(JSON.parse(line)) });
  log.level = "debug";
  const server = createEntry(app, { ...SETTINGS, ...settings }, log);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    server,
    logLines: lines,
    request: (options = {}) => sendRequest(port, options),
    sendRaw: (...parts) => sendBytes(port, parts),
    connectionCount: promisify(server.getConnections.bind(server)),
  };
}

/** Bundles programs for the tests of a file, by their source, with the product's modules. Returns their folder. */
export function usePrograms(sources: Record<string, string>): string {
  // Within node_modules, so that the bundles resolve their packages.
  const folder = mkdtempSync(join(ROOT, "node_modules/.test-programs-"));
  beforeAll(async () => {
    for (const [name, contents] of Object.entries(sources)) {
      const stdin = { contents, resolveDir: ROOT, sourcefile: `${name}.ts` };
      await build({ ...bundleOptions({}, folder), stdin, outdir: undefined, outfile: join(folder, `${name}.mjs`) });
    }
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An app that responds with the headers, URL and method that it received. */
export function echoHeaders(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ ...request.headers, url: request.url, method: request.method }));
}

function sendRequest(
  port: number,
  { method = "GET", path = "/", headers = {}, body }: TestRequest,
): Promise<TestResponse> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on("error", reject);
    if (Array.isArray(body)) for (const part of body) request.write(part);
    request.end(Array.isArray(body) ? undefined : body);
  });
}

/** A number in `parts` is a delay in milliseconds. */
async function sendBytes(port: number, parts: (string | number)[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  const closed = once(socket, "close");
  for (const part of parts) {
    if (typeof part === "number") await new Promise((resolve) => setTimeout(resolve, part));
    else socket.write(part, "latin1");
  }
  await closed;
  return Buffer.concat(chunks).toString("latin1");
}

/** A token as `signToken` writes it, without a signature. */
export function tokenOf(iss: unknown, more = "x"): string {
  return `e30.${Buffer.from(JSON.stringify({ iss, aud: iss, more })).toString("base64url")}.${"A".repeat(43)}`;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
