import "server-only";
import type { IncomingHttpHeaders } from "node:http";
import type { RouteKind } from "@/server/auth/policy/routes";
import { ADDRESS_HEADER, KIND_HEADER, PATH_HEADER } from "@/server/runtime/entry-headers";
import { ROUTER_HEADERS, withoutSpoofableHeaders } from "./inbound-headers";
import type { SecurityHeaders } from "./security-headers";
import { isRouterState, ROUTER_STATE_HEADER } from "./router-state";
import { withoutRouterQuery } from "./request-target";
import type { RequestContext } from "./request-context";

const PAGE_ROUTES: ReadonlySet<RouteKind> = new Set(["private", "guest", "root", "open"]);
const ROUTER_REQUEST_HEADERS = ["rsc", ...ROUTER_HEADERS];

/** What stands in APP_ORIGIN, in the form in which Next asks for it. */
export interface PublicOrigin {
  host: string;
  hostname: string;
  port: string;
  scheme: string;
}

export function parsePublicOrigin(appOrigin: string): PublicOrigin {
  const { host, hostname, port, protocol } = new URL(appOrigin);
  return { host, hostname, port: port || (protocol === "https:" ? "443" : "80"), scheme: protocol.slice(0, -1) };
}

/** The headers that the app sees: without the client's claims, and with what the entry knows in their place. */
export function forwardedHeaders(
  headers: IncomingHttpHeaders,
  target: string,
  context: RequestContext,
  address: PublicOrigin,
  security: SecurityHeaders,
  isDevelopment: boolean,
): IncomingHttpHeaders {
  const forwarded = withoutSpoofableHeaders(headers, isDevelopment);
  // Next responses one that it cannot read with a fault; without it the router is sent the whole page.
  if (!isRouterState(forwarded[ROUTER_STATE_HEADER])) delete forwarded[ROUTER_STATE_HEADER];
  // Only pages are navigated to: anywhere else Next would redirect whoever names its router.
  if (!PAGE_ROUTES.has(context.route)) for (const name of ROUTER_REQUEST_HEADERS) delete forwarded[name];
  // Next builds addresses from these: the client's Host never reaches it.
  forwarded["host"] = address.host;
  forwarded["x-forwarded-host"] = address.host;
  forwarded["x-forwarded-port"] = address.port;
  forwarded["x-forwarded-proto"] = address.scheme;
  forwarded["x-forwarded-for"] = context.address;
  forwarded["x-request-id"] = context.requestId;
  forwarded[ADDRESS_HEADER] = context.address;
  forwarded[PATH_HEADER] = withoutRouterQuery(target);
  forwarded[KIND_HEADER] = context.kind;
  // Next reads the nonce of its scripts from here.
  if (context.kind === "document") forwarded["content-security-policy"] = security.documentPolicy(context.nonce);
  return forwarded;
}
