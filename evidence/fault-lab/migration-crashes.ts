import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sql } from "kysely";
import { connect } from "@/db/connect";
import { DATA } from "@/scripts/paths.mjs";
import { createDatabase, openWire, urlOf } from "./stack";
import type { Phase } from "./breakpoint";
import type { World } from "./lab";

type Killer = "migration" | "database";

/** One of an empty database takes a second; what is still there after so many is stuck. */
const SECONDS_AT_MOST = 30;

/** Strikes a migration of an empty database around each of its statements, by killing it and by killing the database; it is run again. */
export async function strikeMigrations(world: World, isShort: boolean, say: (detail: string) => void): Promise<void> {
  const { server } = world.stack;
  const wire = await openWire(server);
  try {
    const statements = wire.record();
    const healthy = await createDatabase(server);
    const { code } = await run(wire.urlOf(healthy));
    if (code !== 0) throw new Error("A healthy migration failed.");
    const count = statements.length;
    const expected = await describeSchema(world, healthy);
    wire.spring();
    world.tally.add("operations");

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
      await world.trouble(() => strike(killer, number, phase));
      world.tally.add("crash points");
      world.tally.add("crash points: migration");
      world.tally.add(`blows: ${killer} killed`);
    }

    async function strike(killer: Killer, number: number, phase: Phase): Promise<void> {
      const name = await createDatabase(server);
      const trap = wire.trap((_, seen) => (seen === number ? phase : null));
      const running = start(wire.urlOf(name));
      const wasReached = await trap.until(1, 20);
      if (killer === "migration") running.child.kill("SIGKILL");
      else await world.stack.killDatabase();
      wire.spring();
      const struck = await running.ended;
      if (killer === "database") await server.start();
      const again = await run(urlOf(server, name));
      const schema = again.code === 0 ? await describeSchema(world, name) : "";
      const where = `migration, ${killer} killed ${phase} statement ${number}`;
      world.tally.expect("crash points", wasReached, () => `${where}: never came so far`);
      const isStuck = killer === "database" && struck.code === null;
      world.tally.expect("in time", !isStuck, () => `${where}: it neither failed nor ended`);
      world.tally.expect("crash points", again.code === 0, () => `${where}: run again, it failed: ${again.output}`);
      world.tally.expect("crash points", again.code !== 0 || schema === expected, () => `${where}: another schema`);
    }
  } finally {
    wire.close();
  }
}

/** Two at once on an empty database: both succeed, and the schema is there once. */
export async function migrateTwiceAtOnce(world: World): Promise<void> {
  const { server, name: migrated } = world.stack;
  const name = await createDatabase(server);
  const ends = await Promise.all([run(urlOf(server, name)), run(urlOf(server, name))]);
  const failed = ends.find(({ code }) => code !== 0);
  world.tally.expect("crash points", failed === undefined, () => `two migrations at once: ${failed?.output}`);
  const isSame = (await describeSchema(world, name)) === (await describeSchema(world, migrated));
  world.tally.expect("crash points", isSame, () => "two migrations at once left another schema");
  world.tally.note("two migrations at once", failed === undefined && isSame ? "both came up, one schema" : "failed");
}

function start(url: string) {
  const child = spawn(process.execPath, [join(DATA, "entry", "migrate.mjs")], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: SECONDS_AT_MOST * 1000,
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

async function describeSchema({ stack }: World, name: string): Promise<string> {
  const db = connect(urlOf(stack.server, name), { poolSize: 1, acquireSeconds: 20 });
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
