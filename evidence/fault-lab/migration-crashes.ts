import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sql } from "kysely";
import { connect } from "@/db/connect";
import { createDatabase, databaseUrl } from "@/evidence/database";
import { DATA } from "@/scripts/paths.mjs";
import type { Phase } from "./breakpoint";
import type { Lab } from "./lab";
import { openDatabaseProxy } from "./stack";

type KilledProcess = "migration" | "database";

/** Migrating an empty database takes a second; a migration that runs this long is stuck. */
const MAX_SECONDS = 30;

/** Kills the migration of an empty database, or the database, before and after each statement, and runs the migration again. */
export async function testMigrationCrashes(lab: Lab, isShort: boolean, say: (detail: string) => void): Promise<void> {
  const { server } = lab.stack;
  const proxy = await openDatabaseProxy(server);
  try {
    const statements = proxy.record();
    const uninterrupted = await createDatabase(server);
    const { code } = await run(proxy.urlFor(uninterrupted));
    if (code !== 0) throw new Error("An uninterrupted migration failed.");
    const count = statements.length;
    const expected = await describeSchema(lab, uninterrupted);
    proxy.reset();
    lab.results.count("operations");

    const points = (["migration", "database"] as const).flatMap((killer) =>
      Array.from({ length: count }, (_, index) => index + 1).flatMap((number) =>
        (["before", "after"] as const).map((phase) => ({ killer, number, phase })),
      ),
    );
    const chosen = isShort
      ? points.filter(({ killer }) => killer === "migration").filter((_, at) => at % 24 === 17)
      : points;
    for (const [at, { killer, number, phase }] of chosen.entries()) {
      say(`${at + 1} of ${chosen.length}: ${killer} killed ${phase} statement ${number} of ${count}`);
      await lab.duringFault(() => testCrash(killer, number, phase));
      lab.results.count("crash points");
      lab.results.count("crash points: migration");
      lab.results.count(`crashes: ${killer} killed`);
    }

    async function testCrash(killer: KilledProcess, number: number, phase: Phase): Promise<void> {
      const name = await createDatabase(server);
      const breakpoint = proxy.setBreakpoint((_, seen) => (seen === number ? phase : null));
      const running = start(proxy.urlFor(name));
      const wasReached = await breakpoint.waitForHeld(1, 20);
      if (killer === "migration") running.child.kill("SIGKILL");
      else await lab.stack.killDatabase();
      proxy.reset();
      const interrupted = await running.ended;
      if (killer === "database") await server.start();
      const again = await run(databaseUrl(server, name));
      const schema = again.code === 0 ? await describeSchema(lab, name) : "";
      const where = `migration, ${killer} killed ${phase} statement ${number}`;
      lab.results.check("crash points", wasReached, () => `${where}: was not reached`);
      const isStuck = killer === "database" && interrupted.code === null;
      lab.results.check("time limits", !isStuck, () => `${where}: it did not exit`);
      lab.results.check("crash points", again.code === 0, () => `${where}: it failed when run again: ${again.output}`);
      lab.results.check("crash points", again.code !== 0 || schema === expected, () => `${where}: a different schema`);
    }
  } finally {
    proxy.close();
  }
}

/** Two concurrent migrations of an empty database both succeed and create one schema. */
export async function migrateConcurrently(lab: Lab): Promise<void> {
  const { server, name: migrated } = lab.stack;
  const name = await createDatabase(server);
  const ends = await Promise.all([run(databaseUrl(server, name)), run(databaseUrl(server, name))]);
  const failed = ends.find(({ code }) => code !== 0);
  lab.results.check("crash points", failed === undefined, () => `two concurrent migrations: ${failed?.output}`);
  const isSame = (await describeSchema(lab, name)) === (await describeSchema(lab, migrated));
  lab.results.check("crash points", isSame, () => "two concurrent migrations left a different schema");
  lab.results.addNote(
    "two concurrent migrations",
    failed === undefined && isSame ? "both succeeded, one schema" : "failed",
  );
}

function start(url: string) {
  const child = spawn(process.execPath, [join(DATA, "entry", "migrate.mjs")], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: MAX_SECONDS * 1000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk) => (output += chunk));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

function run(url: string) {
  return start(url).ended;
}

async function describeSchema({ stack }: Lab, name: string): Promise<string> {
  const db = connect(databaseUrl(stack.server, name), { poolSize: 1, acquireSeconds: 20 });
  try {
    const { rows } = await sql`
      select table_name as t, column_name as c, column_type as y, is_nullable as n, column_key as k, collation_name as o
      from information_schema.columns where table_schema = ${name} order by 1, 2`.execute(db);
    const indexes = await sql`
      select table_name as t, index_name as i, seq_in_index as s, column_name as c
      from information_schema.statistics where table_schema = ${name} order by 1, 2, 3`.execute(db);
    return JSON.stringify([rows, indexes.rows]);
  } finally {
    await db.destroy();
  }
}
