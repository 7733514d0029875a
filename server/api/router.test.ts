import "@/server/runtime/testing-env";
import { TRPCError } from "@trpc/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROCEDURES as FACTS } from "@/server/auth/policy/procedures";
import { Refusal } from "@/server/auth/policy/refusals";
import { ADA } from "@/server/auth/testing";
import type { Context } from "./context";
import { appRouter } from "./router";
import { procedure, publicProcedure, refusalIn, router } from "./init";

const PUBLIC = [
  "auth.register",
  "auth.login",
  "auth.secondFactor",
  "auth.beginPasskeyLogin",
  "auth.finishPasskeyLogin",
  "auth.beginPasskeyRegistration",
  "auth.finishPasskeyRegistration",
  "auth.beginPasskeyAssertion",
  "auth.refresh",
  "auth.logout",
  "password.requestReset",
  "confirm.describe",
  "confirm.perform",
];

interface Procedure {
  _def: { type: string; inputs: unknown[] };
}

const PROCEDURES = Object.entries<Procedure>(appRouter._def.procedures as never);

const CALLER = {
  user: { id: "user", email: "ada@example.test", fullName: "Ada", role: "user" },
  session: { id: "session", expiresAt: "2026-11-21T12:10:00.000Z", refreshAt: "2026-11-21T12:09:00.000Z" },
  authenticatedAt: new Date("2026-11-21T12:00:00Z"),
  // Strongly: otherwise the account's factors are read, to decide whether a password is enough.
  authenticationMethods: ["pwd", "otp", "mfa"],
  isEmailVerified: false,
  mustVerifyEmail: false,
};

/** A context with or without a caller. Any use of its database throws. */
function context(isSignedIn: boolean): Context {
  return {
    db: new Proxy({} as Context["db"], {
      get: (_, name) => {
        throw new Error(`call the database for ${String(name)}`);
      },
    }),
    client: ADA,
    cookies: { accessToken: null, refreshToken: null, challengeToken: null, hasAccessCookie: false },
    now: new Date("2026-11-21T12:00:00Z"),
    requestId: "test",
    setCookies: [],
    authenticate: async () => {
      if (!isSignedIn) throw new Refusal("SIGNED_OUT");
      return CALLER;
    },
    authenticateBearer: null,
  };
}

async function answerOf(path: string, input: unknown, isSignedIn: boolean) {
  const caller = appRouter.createCaller(context(isSignedIn)) as unknown as Record<string, Record<string, Function>>;
  const [area, name] = path.split(".") as [string, string];
  try {
    return await caller[area]![name]!(input);
  } catch (error) {
    return error instanceof TRPCError ? (refusalIn(error)?.reason ?? error) : error;
  }
}

test("the router has exactly the procedures of the contract", () => {
  expect(Object.fromEntries(PROCEDURES.map(([path, { _def }]) => [path, _def.type]))).toEqual({
    "account.export": "mutation",
    "account.requestDeletion": "mutation",
    "auth.register": "mutation",
    "auth.login": "mutation",
    "auth.secondFactor": "mutation",
    "auth.beginPasskeyLogin": "mutation",
    "auth.finishPasskeyLogin": "mutation",
    "auth.accessToken": "mutation",
    "auth.beginPasskeyRegistration": "mutation",
    "auth.finishPasskeyRegistration": "mutation",
    "auth.beginPasskeyAssertion": "mutation",
    "auth.refresh": "mutation",
    "auth.logout": "mutation",
    "auth.logoutAll": "mutation",
    "auth.stepUp": "mutation",
    "auth.session": "query",
    "users.me": "query",
    "users.update": "mutation",
    "users.changePassword": "mutation",
    "users.setPassword": "mutation",
    "sessions.list": "query",
    "sessions.revoke": "mutation",
    "sessions.revokeOthers": "mutation",
    "passkeys.beginRegistration": "mutation",
    "passkeys.finishRegistration": "mutation",
    "passkeys.rename": "mutation",
    "passkeys.remove": "mutation",
    "password.requestReset": "mutation",
    "email.requestVerification": "mutation",
    "email.requestChange": "mutation",
    "confirm.describe": "mutation",
    "confirm.perform": "mutation",
    "factors.list": "query",
    "totp.begin": "mutation",
    "totp.confirm": "mutation",
    "totp.remove": "mutation",
    "recoveryCodes.renew": "mutation",
  });
});

test("the facts table has an entry for every procedure, and no others", () => {
  expect(Object.keys(FACTS).sort()).toEqual(PROCEDURES.map(([path]) => path).sort());
});

test("procedures with a step-up rule require a signed-in caller and are not batchable", () => {
  for (const [path, { access, batch, stepUp }] of Object.entries(FACTS)) {
    if (stepUp !== undefined) expect([access, batch], path).toEqual(["signed-in", false]);
  }
});

test("procedures that hash passwords are mutations and not batchable; public procedures are not batchable", () => {
  for (const [path, { _def }] of PROCEDURES) {
    const { access, batch, hashesPassword } = FACTS[path]!;
    if (hashesPassword) expect([_def.type, batch], path).toEqual(["mutation", false]);
    if (access === "public") expect(batch, path).toBe(false);
  }
});

describe.each(PROCEDURES)("%s", (path, { _def }) => {
  test(PUBLIC.includes(path) ? "is public" : "requires a caller before it validates the input", async () => {
    const answer = await answerOf(path, { unknown: 1 }, false);
    expect(answer).toBe(PUBLIC.includes(path) ? "BAD_INPUT" : "SIGNED_OUT");
  });

  test("refuses unknown input without a database statement", async () => {
    expect(_def.inputs.length).toBeGreaterThan(0);
    const invalidInputs = [{ unknown: 1 }, [], "text", 7, true, { id: {} }];
    for (const input of invalidInputs) {
      expect(await answerOf(path, input, true), JSON.stringify(input)).toBe("BAD_INPUT");
    }
  });
});

describe("otherwise valid input with an unknown key is refused", () => {
  const account = { fullName: "Ada", email: "ada@example.test", password: "correct horse battery" };
  test.each<[string, object]>([
    ["auth.register", { ...account, role: "admin" }],
    ["auth.login", { email: account.email, password: account.password, userId: "1" }],
    ["users.update", { fullName: "Ada", email: "other@example.test" }],
    ["users.update", { fullName: "Ada", role: "admin" }],
    ["users.changePassword", { currentPassword: "a", newPassword: "b", userId: "1" }],
    ["users.setPassword", { newPassword: "b", currentPassword: "a" }],
    ["auth.stepUp", { method: "password", password: "a", userId: "1" }],
    ["auth.finishPasskeyLogin", { response: {}, userId: "1" }],
    ["auth.beginPasskeyRegistration", account],
    ["auth.finishPasskeyRegistration", { ...account, response: {} }],
    ["passkeys.finishRegistration", { response: {}, rpId: "1" }],
    ["passkeys.rename", { id: "0193500e-5a11-7e10-8000-000000000001", name: "Key", userId: "1" }],
    ["passkeys.remove", { id: "0193500e-5a11-7e10-8000-000000000001", userId: "1" }],
    ["account.requestDeletion", { email: "ada@example.test", userId: "1" }],
    ["account.export", { userId: "1" }],
    ["auth.stepUp", { method: "none", password: "a" }],
    ["auth.secondFactor", { method: "password", password: "a" }],
    ["auth.secondFactor", { method: "totp", code: "123456", userId: "1" }],
    ["totp.confirm", { code: "123456", secret: "A" }],
    ["password.requestReset", { email: "ada@example.test", userId: "1" }],
    ["email.requestChange", { email: "ada@example.test", userId: "1" }],
    ["confirm.describe", { token: "a", code: "b" }],
    ["confirm.perform", { token: "a", userId: "1" }],
    ["confirm.perform", { token: "a", email: "ada@example.test", code: "b" }],
    ["confirm.perform", { email: "ada@example.test" }],
    ["confirm.perform", { code: "ABCD-EFGH" }],
    ["sessions.revoke", { id: "0193500e-5a11-7e10-8000-000000000001", userId: "1" }],
  ])("%s %j", async (path, input) => {
    expect(await answerOf(path, input, true)).toBe("BAD_INPUT");
  });
});

test("auth.session returns the content of the access token without a database statement", async () => {
  const { user, session } = CALLER;
  expect(await answerOf("auth.session", undefined, true)).toEqual({ user, session });
});

test("a public procedure that is missing from the facts table refuses every call", async () => {
  const unlisted = router({ auth: router({ peek: publicProcedure.query(() => "secret") }) });
  const call = unlisted.createCaller(context(true)).auth.peek();
  await expect(call).rejects.toMatchObject({ code: "UNAUTHORIZED", cause: { reason: "SIGNED_OUT" } });
});

describe("a procedure with a step-up rule", () => {
  const vault = router({ vault: router({ open: procedure.query(() => "opened") }) });
  beforeAll(() => {
    const rule = { withinSeconds: 300, strength: "any" } as const;
    Object.assign(FACTS, { "vault.open": { access: "signed-in", batch: false, hashesPassword: false, stepUp: rule } });
  });
  afterAll(() => {
    delete (FACTS as Record<string, unknown>)["vault.open"];
  });
  const openedAt = (now: string) => vault.createCaller({ ...context(true), now: new Date(now) }).vault.open();

  test("runs for a caller who has authenticated recently", async () => {
    expect(await openedAt("2026-11-21T12:05:00Z")).toBe("opened");
  });

  test("refuses a caller who is not signed in as one, without mentioning a step-up", async () => {
    await expect(vault.createCaller(context(false)).vault.open()).rejects.toMatchObject({
      cause: { reason: "SIGNED_OUT" },
    });
  });
});

test("a protected procedure receives its caller", async () => {
  const own = router({ whoami: procedure.query(({ ctx }) => ctx.caller.user.id) });
  expect(await own.createCaller(context(true)).whoami()).toBe("user");
  await expect(own.createCaller(context(false)).whoami()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});
