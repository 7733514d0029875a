import { safeNextPath } from "@/server/auth/policy/next-path";

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** Where to go afterwards: the `next` parameter if it is one safe path, else the dashboard. */
export async function readNextParam(searchParams: SearchParams): Promise<string> {
  const { next } = await searchParams;
  return safeNextPath(typeof next === "string" ? next : null);
}
