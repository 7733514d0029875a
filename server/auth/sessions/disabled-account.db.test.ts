import { readFileSync } from "node:fs";
import { sql } from "kysely";
import { createConnection } from "mysql2/promise";
import { expect, test } from "vitest";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import { useTestDatabase } from "@/db/testing";
import { reasonOf, signedInSession, logIn as login } from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { refresh } from "./refresh";
import { isMarkedRevoked, readRevocations } from "./revocation-feed";
import { ADA } from "@/server/auth/testing";

const database = useTestDatabase();

/** The statements that docs/security.md tells an operator to run. */
function documentedStatements(): string[] {
  const [, block = ""] = /```sql\n([^`]+)```/.exec(readFileSync("docs/security.md", "utf8")) ?? [];
  return block.split(";").flatMap((statement) => statement.trim() || []);
}

test("the documented statements end every session of the account at once, and prevent logins", async () => {
  const { db, url } = database;
  const now = new Date();
  const credentials = { email: "leaver@example.test", password: "correct horse battery" };
  const passwordHash = await hashPassword(credentials.password);
  const phone = await signedInSession(db, now, { email: credentials.email, passwordHash });
  const other = await signedInSession(db, now);
  const laptop = await login(db, { ...credentials, remember: true }, ADA, null, now);

  const operator = await createConnection(parseDatabaseUrl(url)[0]);
  const statements = documentedStatements();
  expect(statements).toHaveLength(4);
  for (const statement of statements) await operator.query(statement, [credentials.email]);
  await operator.end();

  await readRevocations(db);
  expect([phone.id, laptop.access.sessionId, other.id].map(isMarkedRevoked)).toEqual([true, true, false]);
  expect(await refresh(db, phone.refreshToken, ADA, now)).toMatchObject({ kind: "ended" });
  expect(await reasonOf(login(db, { ...credentials, remember: true }, ADA, null, now))).toBe("INVALID_CREDENTIALS");
  const { rows } = await sql`select 1 from sessions where id = ${other.id} and revoked_at is null`.execute(db);
  expect(rows).toHaveLength(1);
});
