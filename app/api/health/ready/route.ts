import { isReady } from "@/server/readiness";
import { sharedCheck } from "@/server/shared-check";

export const dynamic = "force-dynamic";

/** Probes are not rate limited: however many come, the database is asked at most four times a second. */
const ready = sharedCheck(isReady, 250);

export async function GET(): Promise<Response> {
  const ok = await ready();
  return Response.json({ ok }, { status: ok ? 200 : 503 });
}
