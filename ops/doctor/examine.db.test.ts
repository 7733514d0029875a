import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createEmptyDatabase, createTestDatabase, existingFactors, existingUser } from "@/db/testing";
import { keyIdOf } from "@/server/runtime/encryption";
import { examineInstallation } from "./examine";
import { idsOf } from "./testing";

const random = () => randomBytes(32).toString("hex");

function sourceWith(changes: Record<string, string | undefined>) {
  return {
    NODE_ENV: "production",
    APP_ORIGIN: "http://localhost:9",
    PORT: "9",
    SESSION_SECRET: random(),
    JWT_ACCESS_SECRET: random(),
    ENCRYPTION_SECRET: random(),
    MAIL: "off",
    ...changes,
  };
}

async function examine(changes: Record<string, string | undefined>) {
  const groups = await examineInstallation(sourceWith(changes), process.cwd(), new Date());
  return Object.fromEntries(groups.map((group) => [group.title, group]));
}

test("examine: with the app stopped all other groups are examined", async () => {
  const { url } = await createTestDatabase();
  const { Configuration, Database, Clocks, App } = await examine({ DATABASE_URL: url });
  expect(idsOf(App!)).toEqual(["✗ unreachable"]);
  expect(idsOf(Configuration!)).toEqual([]);
  expect(idsOf(Database!).filter((id) => id.startsWith("✗"))).toEqual([]);
  expect(Clocks?.healthy).toMatch(/^database [+−]/);
});

test("examine: counts authenticator apps that cannot be decrypted and passkeys of another domain", async () => {
  const { db, url } = await createTestDatabase();
  const [ENCRYPTION_SECRET, ENCRYPTION_SECRET_PREVIOUS] = [random(), random()];
  const secrets = [ENCRYPTION_SECRET, ENCRYPTION_SECRET_PREVIOUS, random(), random()];
  for (const secret of secrets) {
    const { id: userId } = await existingUser(db);
    await existingFactors(db, { userId });
    const row = db.updateTable("totpSecrets").where("userId", "=", userId);
    await row.set({ secret: `${keyIdOf(secret)}.encrypted` }).execute();
  }
  await db.updateTable("passkeys").set({ rpId: "old.test" }).limit(1).execute();
  const changes = { DATABASE_URL: url, ENCRYPTION_SECRET, ENCRYPTION_SECRET_PREVIOUS };
  const { Factors } = await examine(changes);
  expect(idsOf(Factors!)).toEqual(["✗ factors-unreadable", "! factors-previous-secret", "✗ passkeys-other-domain"]);
  expect(Factors!.findings[0]!.says).toMatch(/^2 authenticator apps /);
  const empty = await examine({ DATABASE_URL: (await createEmptyDatabase()).url });
  expect(empty.Factors!.skipped).toContain("not migrated");
});

test("examine: with the database stopped or not configured all other groups are examined", async () => {
  const { Database, Versions, App } = await examine({ DATABASE_URL: "mysql://root@127.0.0.1:9/portcullis" });
  expect([idsOf(Database!), idsOf(App!)]).toEqual([["✗ database-unreachable"], ["✗ unreachable"]]);
  expect(Versions).toBeDefined();
  const nameless = await examine({ DATABASE_URL: undefined });
  expect(nameless.Database?.skipped).toBeDefined();
  expect(idsOf(nameless.Configuration!)).toEqual(["✗ variable-database-url"]);
});

test.each([
  ["mysql://root@127.0.0.1:9/x?multipleStatements=true", /unknown parameter multipleStatements/],
  ["mysql://root@127.0.0.1:9/x?ssl=hunter2", /TLS setting that is unknown/],
  ["mysql://%ff@127.0.0.1:9/x", /% that encodes nothing/],
])("examine: %s is a finding that does not quote the URL", async (DATABASE_URL, says) => {
  const { Database } = await examine({ DATABASE_URL });
  expect(idsOf(Database!)).toEqual(["✗ database-unreachable"]);
  expect(Database?.findings[0]?.says).toMatch(says);
  expect(JSON.stringify(Database)).not.toContain("hunter2");
});
