import { join } from "node:path";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { migrate } from "@/scripts/schema.mjs";

/** Where a worker's programs keep their files. */
export function folderOf(worker: number): string {
  return join(DATA, "proxies", String(worker));
}

/** A migrated database that belongs to one worker. */
export async function startDatabase(worker: number): Promise<Server> {
  const server = await provideServer({ directory: join(folderOf(worker), "mysql"), fresh: true });
  await migrate(server.url);
  return server;
}
