import { isReady } from "@/server/readiness";

export const dynamic = "force-dynamic";

export async function GET(): Promise<Response> {
  const ok = await isReady();
  return Response.json({ ok }, { status: ok ? 200 : 503 });
}
