/** Starts what lives as long as the process: the revocation feed and the purge of what has ended. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { startBackgroundWork } = await import("@/server/background");
  startBackgroundWork();
}
