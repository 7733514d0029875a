import { safeNextPath } from "@/server/auth/policy/next-path";

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** Where a guest wants to go after the form. Given twice, `next` is nobody's honest wish. */
export async function nextOf(searchParams: SearchParams): Promise<string> {
  const { next } = await searchParams;
  return safeNextPath(typeof next === "string" ? next : null);
}
