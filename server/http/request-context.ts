import "server-only";
import { resolveClientAddress } from "@/server/auth/client/client-address";
import { classifyRoute, type RouteKind } from "@/server/auth/policy/routes";
import type { IncomingMessage } from "node:http";
import type { Quota } from "@/server/runtime/request-state";
import { requestIdFrom } from "./request-id";
import { kindOfRequest, type RequestKind } from "./request-kind";
import { pathOf } from "./request-target";
import { newNonce } from "./security-headers";

/** What the entry derives from a request, and the state it keeps until the response ends. */
export class RequestContext {
  readonly startedAt = performance.now();
  readonly requestId: string;
  readonly address: string;
  readonly path: string;
  readonly route: RouteKind;
  readonly kind: RequestKind;
  /** Development tools of Next: hot reload, source maps, error overlay. */
  readonly isDevelopmentTool: boolean;
  /** The path is that of a built file, and the build has no such file. */
  isMissingFile = false;
  quota: Quota | null = null;
  #nonce: string | null = null;

  constructor(request: IncomingMessage, trustedProxyHops: number, isDevelopment: boolean) {
    const { headers } = request;
    this.requestId = requestIdFrom(headers["x-request-id"]);
    const forwardedFor = headers["x-forwarded-for"];
    this.address = resolveClientAddress(
      request.socket.remoteAddress,
      typeof forwardedFor === "string" ? forwardedFor : forwardedFor?.join(","),
      trustedProxyHops,
    );
    this.path = pathOf(request.url ?? "");
    this.isDevelopmentTool = isDevelopment && (this.path.startsWith("/_next/") || this.path.startsWith("/__nextjs"));
    this.route = this.isDevelopmentTool ? "static" : classifyRoute(this.path);
    this.kind = kindOfRequest(this.route, headers);
  }

  get nonce(): string {
    return (this.#nonce ??= newNonce());
  }
}
