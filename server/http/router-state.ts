import "server-only";
import { parseAndValidateFlightRouterState } from "next/dist/server/app-render/parse-and-validate-flight-router-state.js";

/** The header in which the router of Next lists the page segments that the client has. */
export const ROUTER_STATE_HEADER = "next-router-state-tree";

/** Whether Next accepts the header, by its own validation: an invalid one would cause a 500. */
export function isRouterState(header: string | string[] | undefined): boolean {
  try {
    return parseAndValidateFlightRouterState(header) !== undefined;
  } catch {
    return false;
  }
}
