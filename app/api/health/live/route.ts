export const dynamic = "force-dynamic";

/** Liveness: checks only the process, because a restart does not repair the database. */
export function GET(): Response {
  return Response.json({ ok: true });
}
