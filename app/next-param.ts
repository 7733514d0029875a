import { safeNextPath } from "@/server/auth/policy/next-path";

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** The `next` parameter if it is a single safe path, else the dashboard. */
export async function readNextParam(searchParams: SearchParams): Promise<string> {
  const { next } = await searchParams;
  return safeNextPath(typeof next === "string" ? next : null);
}
