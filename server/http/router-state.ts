import "server-only";
import { z } from "zod";

/** The header in which the router of Next lists the page segments that the client has. */
export const ROUTER_STATE_HEADER = "next-router-state-tree";

const MAX_CHARACTERS = 40_000;

// The schema that Next applies (next/dist/server/app-render/types).
const segment = z.union([
  z.string(),
  z.tuple([
    z.string(),
    z.string(),
    z.enum(["c", "ci(..)(..)", "ci(.)", "ci(..)", "ci(...)", "oc", "d", "di(..)(..)", "di(.)", "di(..)", "di(...)"]),
    z.array(z.string()).nullable(),
  ]),
]);
const state: z.ZodType = z.lazy(() =>
  z.tuple([
    segment,
    z.record(z.string(), state),
    z.tuple([z.string(), z.string()]).nullish(),
    z.enum(["refetch", "inside-shared-layout", "metadata-only"]).nullish(),
    z.number().nullish(),
    z.string().optional(),
  ]),
);

/** Whether Next accepts the header: an invalid one would cause a 500. */
export function isRouterState(header: string | string[] | undefined): boolean {
  if (typeof header !== "string" || header.length > MAX_CHARACTERS) return false;
  try {
    return state.safeParse(JSON.parse(decodeURIComponent(header))).success;
  } catch {
    return false;
  }
}
