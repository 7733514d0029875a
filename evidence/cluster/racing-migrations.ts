import { isDeepStrictEqual } from "node:util";
import { connect } from "@/db/connect";
import { migrateToLatest, MIGRATION_LIMITS } from "@/db/migrate";
import { MIGRATIONS } from "@/db/migrations";
import { createDatabase, databaseUrl } from "@/evidence/database";
import type { Results } from "@/evidence/fault-lab/results";
import { EXPECTED_SCHEMA } from "@/ops/doctor/database/expected-schema";
import { readSchema } from "@/ops/doctor/database/schema-facts";
import type { Node } from "./servers/node";

const ROUNDS = 5;

/** Migrates empty databases on two nodes at once, which do not share a lock: both succeed, and each migration is applied once. */
export async function raceMigrations(nodes: readonly [Node, Node], results: Results): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const name = await createDatabase(nodes[0].server);
    const pools = nodes.map(({ server }) => connect(databaseUrl(server, name), MIGRATION_LIMITS));
    try {
      const applied = await Promise.all(pools.map(migrateToLatest));
      const isOnce = isDeepStrictEqual(applied.flat().sort(), Object.keys(MIGRATIONS));
      results.check("no errors", isOnce, () => `migrations on two nodes applied ${JSON.stringify(applied)}`);
      for (const pool of pools) {
        const hasSchema = isDeepStrictEqual(await readSchema(pool), EXPECTED_SCHEMA);
        results.check("no errors", hasSchema, () => "migrations on two nodes left another schema");
      }
    } catch (error) {
      results.reportViolation("no errors", `migrations on two nodes at once: ${String(error)}`);
    } finally {
      for (const pool of pools) await pool.destroy();
    }
  }
}
