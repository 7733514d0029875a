import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { connect } from "@/db/connect";
import type { Server } from "@/scripts/mysql/private-server.mjs";

export function databaseUrl(server: Server, database: string): string {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return url.href;
}

/** Creates an empty database and its account. It is removed with the data directory of its server. */
export async function createDatabase(server: Server, user = "root"): Promise<string> {
  const name = `evidence_${randomBytes(6).toString("hex")}`;
  const admin = connect(server.url, { poolSize: 1, acquireSeconds: 30 });
  try {
    await sql.raw(`create database ${name} character set utf8mb4 collate utf8mb4_bin`).execute(admin);
    if (user !== "root") {
      await sql.raw(`create user if not exists ${user}@localhost`).execute(admin);
      await sql.raw(`grant all on ${name}.* to ${user}@localhost`).execute(admin);
    }
  } finally {
    await admin.destroy();
  }
  return name;
}
