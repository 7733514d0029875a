import { connect } from "@/db/connect";
import { databaseUrl } from "@/evidence/database";
import type { Browser } from "@/evidence/fault-lab/browser";
import type { Server } from "@/scripts/mysql/private-server.mjs";

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
  const db = connect(databaseUrl(server, database), { poolSize: 1, acquireSeconds: 30, statementSeconds: 60 });
  try {
    const rows = await db.selectFrom("sessions").select(["id", "generation"]).execute();
    const generations = new Map(rows.map(({ id, generation }) => [id, generation]));
    const distances = browsers.flatMap(({ sessionId, receivedTokens }) => {
      const generation = generations.get(sessionId ?? "");
      return generation === undefined ? [] : [receivedTokens.at(-1)!.generation - generation];
    });
    const ahead = distances.filter((distance) => distance > 0);
    return { tokens: ahead.length, mostGenerations: Math.max(0, ...ahead) };
  } finally {
    await db.destroy();
  }
}
