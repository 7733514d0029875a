import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { readCallResponse, type Procedure } from "@/e2e/kit/calls";
import { FORGED_TOKEN } from "@/e2e/kit/cookies";

const VALID = generateAccount();
const LONE_SURROGATE = "velvet otters \ud800 bridges";

/** What is sent, and the fields that are complained about. */
const BAD_INPUTS: [what: string, procedure: Procedure, input: unknown, fields: string[]][] = [
  ["an unknown key", "auth.login", { email: VALID.email, password: "x", admin: true }, ["admin"]],
  ["an unknown key", "auth.register", { ...VALID, role: "admin" }, ["role"]],
  ["__proto__", "auth.login", JSON.parse('{"email":"a@b.c","password":"x","__proto__":{"admin":true}}'), ["__proto__"]],
  ["an object for an email", "auth.login", { email: { "!=": "" }, password: "x" }, ["email"]],
  ["an array for an email", "auth.login", { email: [VALID.email], password: "x" }, ["email"]],
  ["a number for a password", "auth.login", { email: VALID.email, password: 0 }, ["password"]],
  ["a word for remember", "auth.login", { email: VALID.email, password: "x", remember: "yes" }, ["remember"]],
  ["nothing at all", "auth.login", {}, ["email", "password"]],
  ["a list", "auth.login", [], []],
  ["a text", "auth.login", "email", []],
  ["null", "auth.login", null, []],
  ["no @", "auth.register", { ...VALID, email: "ada.example.test" }, ["email"]],
  ["two @", "auth.register", { ...VALID, email: "ada@moat@example.test" }, ["email"]],
  ["a line break in an email", "auth.register", { ...VALID, email: "ada@example.test\nbcc: all" }, ["email"]],
  ["an email of 255 octets", "auth.register", { ...VALID, email: `${"a".repeat(242)}@example.test` }, ["email"]],
  ["an empty name", "auth.register", { ...VALID, fullName: "  \u200b " }, ["fullName"]],
  ["a name that runs backwards", "auth.register", { ...VALID, fullName: "Ada \u202e" }, ["fullName"]],
  ["a name of 101 characters", "auth.register", { ...VALID, fullName: "a".repeat(101) }, ["fullName"]],
  ["half a character", "auth.register", { ...VALID, password: LONE_SURROGATE }, ["password"]],
  ["half a character", "auth.login", { email: VALID.email, password: LONE_SURROGATE }, ["password"]],
  ["a password of 129 characters", "auth.register", { ...VALID, password: "ab3 ".repeat(32) + "x" }, ["password"]],
  ["a password of 60 kB", "auth.login", { email: VALID.email, password: "x".repeat(60_000) }, ["password"]],
  ["something for nothing", "auth.logout", { all: true }, []],
  ["something for nothing", "auth.refresh", { token: FORGED_TOKEN }, []],
];

for (const [what, procedure, input, fields] of BAD_INPUTS) {
  test(`${what} is refused by ${procedure}${fields.length > 0 ? ` at ${fields.join(" and ")}` : ""}`, async ({
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
  test(`${password === VALID.email ? "one's own email" : password} is too easy a password`, async ({ calls }) => {
    const { status, error } = await calls.mutate("auth.register", {
      ...generateAccount(),
      email: VALID.email,
      password,
    });
    expect([status, error?.reason, Object.keys(error?.fields ?? {})]).toEqual([400, "WEAK_PASSWORD", ["password"]]);
  });
}

test("what is unusual but right is taken: long emails, emoji names, spaces and every script in a password", async ({
  calls,
}) => {
  const invented = generateAccount({ fullName: "👩‍🚀".repeat(14), password: "пять фонарей 🏮 над рвом" });
  const email = `${invented.email.replace("@example.test", "")}${"x".repeat(254 - invented.email.length)}@example.test`;
  expect(email).toHaveLength(254);
  const { data } = await calls.mutate("auth.register", { ...invented, email: email.toUpperCase() });
  expect(data.user).toMatchObject({ email, fullName: invented.fullName });
  expect((await calls.mutate("auth.login", { email, password: invented.password })).status).toBe(200);
});

test("only the first characters of a very long user agent count, and none is a fault", async ({ calls, account }) => {
  const { email, password } = account;
  for (const agent of ["x".repeat(6_000), "é".repeat(300), "Mozilla/5.0", " "]) {
    const { status, text } = await calls.mutate("auth.login", { email, password }, { "user-agent": agent });
    expect(status, text).toBe(200);
  }
});

test("broken JSON is bad input, and nothing is executed", async ({ calls }) => {
  for (const data of ["{", "{}}", "undefined", '{"email":', "\u0000"]) {
    const headers = { origin: calls.origin, "content-type": "application/json" };
    const url = `${calls.origin}/api/trpc/auth.logout`;
    const answer = await readCallResponse(await calls.request.post(url, { headers, data: Buffer.from(data) }));
    expect([answer.status, answer.error?.reason, answer.setCookies], data).toEqual([400, "BAD_INPUT", []]);
  }
});

test("a bad token is 401 and never a fault", async ({ calls, account }) => {
  const login = await calls.mutate("auth.login", { email: account.email, password: account.password });
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
