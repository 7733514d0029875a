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

/** The parts of APP_ORIGIN, in the form in which Next expects them. */
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

/** The headers for the app: spoofable ones removed, and those that the entry vouches for set. */
export function forwardedHeaders(
  headers: IncomingHttpHeaders,
  target: string,
  context: RequestContext,
  address: PublicOrigin,
  security: SecurityHeaders,
  isDevelopment: boolean,
): IncomingHttpHeaders {
  const forwarded = withoutSpoofableHeaders(headers, isDevelopment);
  // Next responds to an invalid router state with 500; without one it renders the whole page.
  if (!isRouterState(forwarded[ROUTER_STATE_HEADER])) delete forwarded[ROUTER_STATE_HEADER];
  // Only pages have soft navigation: on any other route Next would respond to these headers with a redirect.
  if (!PAGE_ROUTES.has(context.route)) for (const name of ROUTER_REQUEST_HEADERS) delete forwarded[name];
  // Next builds URLs from these, so the client's Host header must not reach it.
  forwarded["host"] = address.host;
  forwarded["x-forwarded-host"] = address.host;
  forwarded["x-forwarded-port"] = address.port;
  forwarded["x-forwarded-proto"] = address.scheme;
  forwarded["x-forwarded-for"] = context.address;
  forwarded["x-request-id"] = context.requestId;
  forwarded[ADDRESS_HEADER] = context.address;
  forwarded[PATH_HEADER] = withoutRouterQuery(target);
  forwarded[KIND_HEADER] = context.kind;
  // Next takes the nonce of its scripts from this request header.
  if (context.kind === "document") forwarded["content-security-policy"] = security.documentPolicy(context.nonce);
  return forwarded;
}
