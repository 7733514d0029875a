import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { readCallResponse, type Procedure } from "@/e2e/kit/calls";
import { FORGED_TOKEN } from "@/e2e/kit/cookies";

const VALID = generateAccount();
const LONE_SURROGATE = "velvet otters \ud800 bridges";

/** The input, and the fields with an error. */
const BAD_INPUTS: [what: string, procedure: Procedure, input: unknown, fields: string[]][] = [
  ["an unknown key", "auth.login", { email: VALID.email, password: "x", admin: true }, ["admin"]],
  ["an unknown key", "auth.register", { ...VALID, role: "admin" }, ["role"]],
  ["__proto__", "auth.login", JSON.parse('{"email":"a@b.c","password":"x","__proto__":{"admin":true}}'), ["__proto__"]],
  ["an object for an email", "auth.login", { email: { "!=": "" }, password: "x" }, ["email"]],
  ["an array for an email", "auth.login", { email: [VALID.email], password: "x" }, ["email"]],
  ["a number for a password", "auth.login", { email: VALID.email, password: 0 }, ["password"]],
  ["a string for remember", "auth.login", { email: VALID.email, password: "x", remember: "yes" }, ["remember"]],
  ["an empty object", "auth.login", {}, ["email", "password"]],
  ["an array as input", "auth.login", [], []],
  ["a string as input", "auth.login", "email", []],
  ["null", "auth.login", null, []],
  ["no @", "auth.register", { ...VALID, email: "ada.example.test" }, ["email"]],
  ["two @", "auth.register", { ...VALID, email: "ada@moat@example.test" }, ["email"]],
  ["a line break in an email", "auth.register", { ...VALID, email: "ada@example.test\nbcc: all" }, ["email"]],
  ["an email of 255 octets", "auth.register", { ...VALID, email: `${"a".repeat(242)}@example.test` }, ["email"]],
  ["an empty name", "auth.register", { ...VALID, fullName: "  \u200b " }, ["fullName"]],
  ["a name with a bidirectional override", "auth.register", { ...VALID, fullName: "Ada \u202e" }, ["fullName"]],
  ["a name of 101 characters", "auth.register", { ...VALID, fullName: "a".repeat(101) }, ["fullName"]],
  ["a lone surrogate", "auth.register", { ...VALID, password: LONE_SURROGATE }, ["password"]],
  ["a lone surrogate", "auth.login", { email: VALID.email, password: LONE_SURROGATE }, ["password"]],
  ["a password of 129 characters", "auth.register", { ...VALID, password: "ab3 ".repeat(32) + "x" }, ["password"]],
  ["a password of 60 kB", "auth.login", { email: VALID.email, password: "x".repeat(60_000) }, ["password"]],
  ["an input where none is expected", "auth.logout", { all: true }, []],
  ["an input where none is expected", "auth.refresh", { token: FORGED_TOKEN }, []],
];

for (const [what, procedure, input, fields] of BAD_INPUTS) {
  test(`bad input: ${procedure} rejects ${what}${fields.length > 0 ? ` with an error at ${fields.join(" and ")}` : ""}`, async ({
    calls,
  }) => {
    const { status, error, text, setCookies } = await calls.mutate(procedure, input);
    expect([status, error?.code], text).toEqual([400, "BAD_REQUEST"]);
    expect(["BAD_INPUT", "WEAK_PASSWORD"]).toContain(error?.reason);
    expect(
      Object.keys(error?.fields ?? {})
        .filter((field) => field !== "")
        .sort(),
    ).toEqual([...fields].sort());
    expect(setCookies).toEqual([]);
  });
}

for (const password of ["password1234", "gunsnroses", "aaaaaaaaaaaaaaaa", "short", "Ada Moat 1", VALID.email]) {
  test(`bad input: ${password === VALID.email ? "the account's email" : password} is rejected as too weak a password`, async ({
    calls,
  }) => {
    const { status, error } = await calls.mutate("auth.register", {
      ...generateAccount(),
      email: VALID.email,
      password,
    });
    expect([status, error?.reason, Object.keys(error?.fields ?? {})]).toEqual([400, "WEAK_PASSWORD", ["password"]]);
  });
}

test("valid input: long emails, emoji names, and passwords with spaces and any script are accepted", async ({
  calls,
}) => {
  const details = generateAccount({ fullName: "👩‍🚀".repeat(14), password: "пять фонарей 🏮 над рвом" });
  const email = `${details.email.replace("@example.test", "")}${"x".repeat(254 - details.email.length)}@example.test`;
  expect(email).toHaveLength(254);
  const { data } = await calls.mutate("auth.register", { ...details, email: email.toUpperCase() });
  expect(data.user).toMatchObject({ email, fullName: details.fullName });
  expect((await calls.mutate("auth.login", { email, password: details.password })).status).toBe(200);
});

test("valid input: very long and unusual user agents are accepted", async ({ calls, account }) => {
  const { email, password } = account;
  for (const agent of ["x".repeat(6_000), "é".repeat(300), "Mozilla/5.0", " "]) {
    const { status, text } = await calls.mutate("auth.login", { email, password }, { "user-agent": agent });
    expect(status, text).toBe(200);
  }
});

test("bad input: malformed JSON is rejected and nothing is executed", async ({ calls }) => {
  for (const data of ["{", "{}}", "undefined", '{"email":', "\u0000"]) {
    const headers = { origin: calls.origin, "content-type": "application/json" };
    const url = `${calls.origin}/api/trpc/auth.logout`;
    const response = await readCallResponse(await calls.request.post(url, { headers, data: Buffer.from(data) }));
    expect([response.status, response.error?.reason, response.setCookies], data).toEqual([400, "BAD_INPUT", []]);
  }
});

test("bad input: an invalid token is answered 401, never 500", async ({ calls, account }) => {
  const login = await calls.signIn(account);
  const value = (name: string) => login.setCookies.find((cookie) => cookie.name === name)?.value ?? "";
  const [access, refresh] = [value("__acc"), value("__ref")];
  const flipped = (token: string) => token.slice(0, -2) + (token.at(-2) === "A" ? "B" : "A") + token.slice(-1);
  const bad = [
    "",
    "x",
    "a.b.c",
    "..",
    FORGED_TOKEN,
    flipped(access),
    `${access}=`,
    `${access}A`,
    refresh,
    "é".repeat(10),
    "x".repeat(3000),
  ];
  for (const token of bad) {
    for (const cookie of [`__acc=${token}`, `__ref=${token === refresh ? access : token}`]) {
      const { status, error, text } = await calls.query("users.me", undefined, { cookie });
      expect([status, error?.reason], `${cookie}: ${text}`).toEqual([401, "SIGNED_OUT"]);
    }
  }
  expect((await calls.query("users.me")).status).toBe(200);
});
