import { randomBytes } from "node:crypto";
import { expect, testOnDedicatedServer as test } from "@/e2e/kit";
import { appLogFile } from "@/e2e/kit/redaction-records";
import { startApp } from "@/scripts/app.mjs";

const KEY_SET = "/.well-known/jwks.json";

test("signing keys: are published for every verifier, also while the database is down, and no cookie is read or set", async ({
  request,
  server,
}) => {
  const published = await request.get(KEY_SET);
  expect([published.status(), published.headers()["cache-control"]]).toEqual([200, "public, max-age=300"]);
  const text = await published.text();
  expect(JSON.parse(text)).toEqual({ keys: [expect.objectContaining({ kty: "EC", alg: "ES256", use: "sig" })] });

  await server.database.stop();
  // An access cookie that has expired would lead a page to the maintenance page.
  for (const cookie of ["", "__ref=a.b.c", "__acc=a.b.c; __ref=a.b.c"]) {
    const response = await request.get(KEY_SET, { headers: { cookie } });
    expect([response.status(), await response.text(), response.headers()["set-cookie"]]).toEqual([
      200,
      text,
      undefined,
    ]);
  }
  const known = { "if-none-match": published.headers()["etag"]! };
  expect((await request.get(KEY_SET, { headers: known })).status()).toBe(304);
  expect((await request.head(KEY_SET)).status()).toBe(200);
});

test("signing keys: an app with another ENCRYPTION_SECRET does not start on the database, and says what to do", async ({
  server,
}) => {
  const app = await startApp({
    env: { DATABASE_URL: server.database.url, ENCRYPTION_SECRET: randomBytes(32).toString("base64url") },
    log: appLogFile(`other-secret-${Date.now()}`),
    until: "started",
  });
  try {
    expect((await app.exited).code).toBe(1);
    expect(app.output()).toMatch(/ENCRYPTION_SECRET_PREVIOUS.*npm run keys -- rotate --compromised/);
  } finally {
    await app.stop();
  }
});
