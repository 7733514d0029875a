/** Next calls this once at startup. Starts the revocation feed and the purge of ended sessions. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { startBackgroundWork } = await import("@/server/background");
  startBackgroundWork();
}
