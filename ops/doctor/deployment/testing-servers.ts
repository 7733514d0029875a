import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Responds like the app to the doctor's requests, behind the real entry. */
export function respondLikeTheApp(request: IncomingMessage, response: ServerResponse): void {
  switch (request.url) {
    case "/login": {
      const nonce = /'nonce-([^']+)'/.exec(String(request.headers["content-security-policy"]))?.[1];
      response.setHeader("Content-Type", "text/html");
      return void response.end(`<script nonce="${nonce}"></script>`);
    }
    case "/dashboard":
      return void response.writeHead(307, { Location: "/login?next=%2Fdashboard" }).end();
    case "/api/trpc/auth.logout": {
      const cookies = ["__acc", "__ref"].map((name) => `${name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`);
      return void response.setHeader("Set-Cookie", cookies).end("{}");
    }
    default:
      return void response.end('{"ok":true}');
  }
}

export interface ProxyBehaviour {
  /** How the proxy treats a client's X-Forwarded-For. */
  forwardedFor: "appends" | "replaces";
  /** Returns the first response again for the same request. */
  caches?: boolean;
}

/** A round-robin reverse proxy in front of these ports. Stops at the end of the test. */
export async function startProxy(ports: number[], { forwardedFor, caches = false }: ProxyBehaviour): Promise<number> {
  const cache = new Map<string, { status: number; headers: string[]; body: Buffer }>();
  let next = 0;
  const server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    const before = cache.get(key);
    if (before !== undefined) return void response.writeHead(before.status, before.headers).end(before.body);
    const client = request.socket.remoteAddress ?? "";
    const received = request.headers["x-forwarded-for"];
    const forwardedAddress =
      forwardedFor === "appends" && received !== undefined ? `${String(received)}, ${client}` : client;
    const { method, url: path } = request;
    const headers = { ...request.headers, "x-forwarded-for": forwardedAddress };
    const upstream = httpRequest(
      { host: "127.0.0.1", port: ports[next++ % ports.length], method, path, headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const body = Buffer.concat(chunks);
          const whole = { status: answer.statusCode ?? 0, headers: answer.rawHeaders, body };
          if (caches && method === "GET") cache.set(key, whole);
          response.writeHead(whole.status, whole.headers).end(body);
        });
      },
    );
    upstream.on("error", () => response.destroy());
    request.pipe(upstream);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
