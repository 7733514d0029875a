import { decodeJwt } from "jose";
import { sql } from "kysely";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readSession } from "@/db/testing";
import { countStatements, signedInSession, useAppDatabase, type SignedInTestSession } from "@/server/auth/db-testing";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { PROCEDURES } from "@/server/auth/policy/procedures";
import { SCOPES } from "@/server/auth/policy/scopes";
import { endSession } from "@/server/auth/sessions/end-session";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { readKeys } from "@/server/auth/tokens/bearer-key-feed";
import { bearerToken } from "@/server/auth/tokens/testing";
import { database as appDatabase } from "@/server/runtime/database";
import { appRouter } from "./router";
import { call, ORIGIN, type CallOptions } from "./testing";

// Before the app's variables are read.
process.env.API_AUDIENCES = "https://other.test,https://billing.test/api";
const database = useAppDatabase();
/** Later than the first key, which is made when the tests begin. */
const NOW = secondsAfter(new Date(), 60);
const now = secondsAfter(NOW, 10);
beforeAll(() => readKeys(appDatabase()));

let session: SignedInTestSession;
let token: string;
beforeEach(async () => {
  session = await signedInSession(database.db, NOW);
  token = await bearerToken(database.db, session.id, NOW);
});

/** A request of a program: a bearer token, and no header that a browser sends. */
const program = (path: string, { headers, ...options }: CallOptions = {}, authorization = `Bearer ${token}`) =>
  call(path, { now, ...options, headers: { origin: null, cookie: null, authorization, ...headers } });
const query = (path: string, options: CallOptions = {}, authorization?: string) =>
  program(path, { method: "GET", ...options }, authorization);

const outcome = ({ status, data, headers, cookies }: Awaited<ReturnType<typeof call>>) => ({
  status,
  reason: data?.reason,
  challenge: headers.get("www-authenticate"),
  cookies,
});
const INVALID = { status: 401, reason: "INVALID_TOKEN", challenge: 'Bearer error="invalid_token"', cookies: [] };
const AMBIGUOUS = { status: 400, reason: "BAD_INPUT", challenge: 'Bearer error="invalid_request"', cookies: [] };

describe("a request with a bearer token", () => {
  test("reads and changes what its scopes allow, without an Origin, and no cookie is set", async () => {
    const me = await query("users.me");
    expect([me.status, me.json.result.data.id, me.cookies]).toEqual([200, session.userId, []]);
    const updated = await program("users.update", { input: { fullName: "Grace Moat" } });
    expect([updated.status, updated.json.result.data.fullName, updated.cookies]).toEqual([200, "Grace Moat", []]);
    const other = await signedInSession(database.db, NOW);
    const foreign = await program("sessions.revoke", { input: { id: other.id } });
    expect([foreign.status, foreign.cookies]).toEqual([404, []]);
    const own = await program("sessions.revoke", { input: { id: session.id } });
    expect([own.status, own.cookies]).toEqual([200, []]);
    expect((await readSession(database.db, session.id)).revokedReason).toBe("revoked by user");
  });

  test("costs no statement until the procedure runs", async () => {
    // The scope is missing, so the call ends after the token was verified.
    const statements = await countStatements(database.url, async () => {
      for (let count = 0; count < 10; count++) expect((await query("auth.session")).status).toBe(403);
    });
    expect(statements).toBe(0);
    expect(await countStatements(database.url, () => query("users.me"))).toBe(1);
  });

  test("works from any network and browser, and from another site", async () => {
    const headers = { "x-portcullis-address": "198.51.100.66", "user-agent": "curl/8", origin: "https://partner.test" };
    expect((await program("users.update", { input: { fullName: "Ada Moat" }, headers })).status).toBe(200);
  });

  test("is refused with a session cookie, whatever both are worth, and neither is used", async () => {
    for (const cookie of [`__acc=${session.accessToken}`, `__ref=${session.refreshToken}`, "__acc=x", "__ref=x"]) {
      for (const authorization of [`Bearer ${token}`, "Bearer x"]) {
        const refused = await program("sessions.revokeOthers", { headers: { cookie } }, authorization);
        expect(outcome(refused), cookie).toEqual(AMBIGUOUS);
      }
    }
    expect((await query("users.me", { headers: { cookie: "theme=dark" } })).status).toBe(200);
  });

  test.each(["Bearer", "Bearer a b", "Bearer a, Bearer b", 'Bearer token="a"'])("is refused as %j", async (sent) => {
    expect(outcome(await query("users.me", {}, sent))).toEqual(AMBIGUOUS);
  });

  test("is refused with the token in the query, for guests, members and programs", async () => {
    for (const cookie of ["", `__acc=${session.accessToken}`]) {
      const refused = await call(`users.me?access_token=${token}`, { method: "GET", now, cookie });
      expect(outcome(refused)).toEqual(AMBIGUOUS);
    }
    expect(outcome(await query(`users.me?access_token=${token}`))).toEqual(AMBIGUOUS);
  });

  test("is refused with a token that is invalid, expired, for another audience or of 16 kB", async () => {
    const elsewhere = await bearerToken(database.db, session.id, NOW, { audience: "https://billing.test" });
    for (const one of ["x", "a.b.c", `${token}x`, elsewhere, "A".repeat(16_000)])
      expect(outcome(await query("users.me", {}, `Bearer ${one}`)), one.slice(0, 20)).toEqual(INVALID);
    expect(outcome(await query("users.me", { now: secondsAfter(NOW, 901) }))).toEqual(INVALID);
  });

  test("with another scheme authenticates by cookies: a proxy in front of the app may ask for a password", async () => {
    const headers = { authorization: "Basic YWRhOnB3", cookie: `__acc=${session.accessToken}` };
    expect((await call("users.me", { method: "GET", now, headers })).status).toBe(200);
    const mutation = await call("sessions.revokeOthers", { now, headers: { ...headers, origin: "https://evil.test" } });
    expect(mutation.data.reason).toBe("ORIGIN_REFUSED");
  });
});

describe("a revoked session's bearer token", () => {
  test("is refused at once on the instance that revoked it, without a statement", async () => {
    await endSession(database.db, { id: session.id }, "logout");
    const statements = await countStatements(database.url, async () => {
      expect(outcome(await query("users.me"))).toEqual(INVALID);
    });
    expect(statements).toBe(0);
  });

  test("is refused with the next read of the feed where another instance revoked it", async () => {
    await sql`update sessions set revoked_at = utc_timestamp(3), revoked_reason = 'logout' where id = ${session.id}`.execute(
      database.db,
    );
    // The procedure's own statement finds it even before.
    expect(outcome(await query("users.me"))).toEqual(INVALID);
    await readRevocations(appDatabase());
    expect(await countStatements(database.url, () => query("users.me"))).toBe(0);
    expect(outcome(await query("users.me"))).toEqual(INVALID);
  });
});

describe("the scopes of a bearer token", () => {
  const names = Object.keys(appRouter._def.procedures);
  const typeOf = (name: string) =>
    (appRouter._def.procedures as never as Record<string, { _def: { type: string } }>)[name]!._def.type;
  const ask = (name: string, sent: string) => (typeOf(name) === "query" ? query : program)(name, {}, `Bearer ${sent}`);
  const OUTSIDE = { status: 403, reason: "INSUFFICIENT_SCOPE", cookies: [] };

  test("decide for every procedure of the router: without a scope in the facts it takes cookies only, public ones too", async () => {
    for (const name of names.filter((one) => PROCEDURES[one]!.scope === undefined)) {
      expect(outcome(await ask(name, token)), name).toMatchObject({
        ...OUTSIDE,
        challenge: 'Bearer error="insufficient_scope"',
      });
      expect(outcome(await ask(name, "a.b.c")), name).toEqual(INVALID);
    }
  });

  test("decide for every procedure with a scope: a token without exactly that one is refused, and told which is needed", async () => {
    const withScope = names.filter((one) => PROCEDURES[one]!.scope !== undefined);
    expect(withScope.length).toBeGreaterThan(3);
    for (const name of withScope) {
      const scope = PROCEDURES[name]!.scope!;
      const others = await bearerToken(database.db, session.id, NOW, { scopes: SCOPES.filter((one) => one !== scope) });
      const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
      expect(outcome(await ask(name, others)), name).toMatchObject({ ...OUTSIDE, challenge });
      const alone = await bearerToken(database.db, session.id, NOW, { scopes: [scope] });
      expect((await ask(name, alone)).status, name).not.toBe(403);
    }
  });

  test("are checked for each call of a batch", async () => {
    const scopes = ["profile:read"] as const;
    const narrow = await bearerToken(database.db, session.id, NOW, { scopes });
    const batch = await query("users.me,sessions.list?batch=1", {}, `Bearer ${narrow}`);
    const [me, list] = batch.json;
    expect([me.result.data.id, list.error.data.reason]).toEqual([session.userId, "INSUFFICIENT_SCOPE"]);
  });
});

describe("auth.accessToken", () => {
  const ask = (options: CallOptions = {}) =>
    call("auth.accessToken", { input: {}, now, cookie: { accessToken: session.accessToken }, ...options });

  test("issues a bearer token of the caller's session, for this app, by one statement", async () => {
    let issued = await ask();
    expect(await countStatements(database.url, async () => (issued = await ask()))).toBe(1);
    const { accessToken, expiresAt } = issued.json.result.data;
    expect([issued.status, issued.cookies]).toEqual([200, []]);
    const { sub, sid, aud, exp, role } = decodeJwt(accessToken);
    expect({ sub, sid, aud, role }).toEqual({ sub: session.userId, sid: session.id, aud: ORIGIN, role: "user" });
    expect(expiresAt).toBe(new Date(exp! * 1000).toISOString());
    expect((await query("users.me", {}, `Bearer ${accessToken}`)).status).toBe(200);
  });

  test("issues one for a configured service, which this app does not accept", async () => {
    const issued = await ask({ input: { audience: "https://billing.test/api" } });
    const { accessToken } = issued.json.result.data;
    expect(decodeJwt(accessToken).aud).toBe("https://billing.test/api");
    expect(outcome(await query("users.me", {}, `Bearer ${accessToken}`))).toEqual(INVALID);
  });

  test.each([
    "https://billing.test",
    "https://billing.test/api/",
    "https://evil.test",
    "*",
    "",
    ORIGIN.toUpperCase(),
    "x".repeat(300),
  ])("refuses the audience %j, which is not configured", async (audience) => {
    const { status, data, text } = await ask({ input: { audience } });
    expect([status, data.reason]).toEqual([400, "BAD_INPUT"]);
    expect(text).not.toContain("eyJ");
  });

  test("needs the cookies of a live session and an Origin: no bearer token prolongs itself", async () => {
    expect(outcome(await program("auth.accessToken", { input: {} }))).toMatchObject({ reason: "INSUFFICIENT_SCOPE" });
    expect((await ask({ cookie: {} })).data.reason).toBe("SIGNED_OUT");
    expect((await ask({ headers: { origin: "https://evil.test" } })).data.reason).toBe("ORIGIN_REFUSED");
    expect((await call("auth.accessToken", { method: "GET", now, cookie: session })).status).toBe(405);
    // Ended by another instance a moment ago, so that only the row shows it.
    await sql`update sessions set revoked_at = utc_timestamp(3), revoked_reason = 'logout' where id = ${session.id}`.execute(
      database.db,
    );
    expect((await ask()).data.reason).toBe("SESSION_ENDED");
  });

  test("issues the role of now, not that of the caller's cookie", async () => {
    await database.db.updateTable("users").set({ role: "admin" }).where("id", "=", session.userId).execute();
    expect(decodeJwt((await ask()).json.result.data.accessToken).role).toBe("admin");
  });
});
