import type { Browser } from "@/evidence/fault-lab/browser";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { query } from "./servers/node";

export interface TokensAhead {
  tokens: number;
  mostGenerations: number;
}

/** How far the newest token of each browser is ahead of the row of its session on this server. */
export async function compareWithRows(
  server: Server,
  database: string,
  browsers: readonly Browser[],
): Promise<TokensAhead> {
  const rows = await query(server, `select id, generation from ${database}.sessions`);
  const generations = new Map(rows.map(({ id, generation }) => [String(id), Number(generation)]));
  const distances = browsers.flatMap(({ sessionId, receivedTokens }) => {
    const generation = generations.get(sessionId ?? "");
    return generation === undefined ? [] : [receivedTokens.at(-1)!.generation - generation];
  });
  const ahead = distances.filter((distance) => distance > 0);
  return { tokens: ahead.length, mostGenerations: Math.max(0, ...ahead) };
}
