export const dynamic = "force-dynamic";

/** Whether the process answers at all. It asks nobody else: a restart would not mend a database. */
export function GET(): Response {
  return Response.json({ ok: true });
}
