import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Answers like the app, as far as the doctor asks, behind the real entry. */
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
  /** What becomes of the X-Forwarded-For that a client sent. */
  forwardedFor: "appends" | "replaces";
  /** Gives the first answer to whoever asks for the same again. */
  caches?: boolean;
}

/** A reverse proxy in front of these ports, each in its turn. Ends with the test. */
export async function startProxy(ports: number[], { forwardedFor, caches = false }: ProxyBehaviour): Promise<number> {
  const kept = new Map<string, { status: number; headers: string[]; body: Buffer }>();
  let turn = 0;
  const server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    const before = kept.get(key);
    if (before !== undefined) return void response.writeHead(before.status, before.headers).end(before.body);
    const client = request.socket.remoteAddress ?? "";
    const claimed = request.headers["x-forwarded-for"];
    const told = forwardedFor === "appends" && claimed !== undefined ? `${String(claimed)}, ${client}` : client;
    const { method, url: path } = request;
    const headers = { ...request.headers, "x-forwarded-for": told };
    const asked = httpRequest(
      { host: "127.0.0.1", port: ports[turn++ % ports.length], method, path, headers },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const body = Buffer.concat(chunks);
          const whole = { status: answer.statusCode ?? 0, headers: answer.rawHeaders, body };
          if (caches && method === "GET") kept.set(key, whole);
          response.writeHead(whole.status, whole.headers).end(body);
        });
      },
    );
    asked.on("error", () => response.destroy());
    request.pipe(asked);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
