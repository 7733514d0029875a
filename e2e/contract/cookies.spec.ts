import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";
import { FORGED_TOKEN, type SetCookie } from "@/e2e/kit/cookies";

const ATTRIBUTES = ["HttpOnly", "Path=/", "SameSite=Lax"];
const CLEARED = [
  { name: "__acc", value: "", maxAge: 0, attributes: ATTRIBUTES },
  { name: "__ref", value: "", maxAge: 0, attributes: ATTRIBUTES },
];

test("cookies: both have the attributes and lifetimes of the contract", async ({ calls, account }) => {
  const { setCookies, data } = await calls.mutate("auth.login", { email: account.email, password: account.password });
  const [access, refresh] = sortByName(setCookies);
  expect([access?.name, access?.attributes]).toEqual(["__acc", ATTRIBUTES]);
  expect([refresh?.name, refresh?.attributes]).toEqual(["__ref", ATTRIBUTES]);
  expect(access?.maxAge).toBeGreaterThanOrEqual(600 - 60 - 2);
  expect(access?.maxAge).toBeLessThanOrEqual(600 - 60);
  expect(refresh?.maxAge).toBeGreaterThanOrEqual(604_800 - 2);
  expect(refresh?.maxAge).toBeLessThanOrEqual(604_800);
  expect(Date.parse(data.session.expiresAt) - Date.parse(data.session.refreshAt)).toBe(60_000);
});

test('cookies: without "keep me signed in" both are session cookies, also after a refresh', async ({
  calls,
  account,
}) => {
  const { email, password } = account;
  const login = await calls.mutate("auth.login", { email, password, remember: false });
  const refreshed = await calls.mutate("auth.refresh");
  expect([...login.setCookies, ...refreshed.setCookies].map(({ maxAge }) => maxAge)).toEqual([null, null, null]);
});

test("cookies: a refresh with a fresh refresh token sets only a new access cookie", async ({ calls, account }) => {
  await calls.signIn(account);
  const { setCookies } = await calls.mutate("auth.refresh");
  expect(setCookies.map(({ name }) => name)).toEqual(["__acc"]);
});

test("cookies: both together stay under 2.5 kB with the longest name and email", async ({ calls }) => {
  const details = generateAccount();
  const email = `${details.email.replace("@example.test", "")}${"x".repeat(254 - details.email.length)}@example.test`;
  const { setCookies } = await calls.mutate("auth.register", { ...details, email, fullName: "🏰".repeat(100) });
  const pairs = setCookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  expect(pairs.length).toBeLessThan(2500);
});

test("cookies: signing out works without cookies and with any valid, expired or invalid ones, and always clears both", async ({
  newCalls,
  account,
}) => {
  const signedIn = await newCalls();
  const login = await signedIn.signIn(account);
  const [access, refresh] = sortByName(login.setCookies).map(({ name, value }) => `${name}=${value}`);
  for (const cookie of [
    "",
    "__acc=x",
    `__acc=${FORGED_TOKEN}; __ref=${FORGED_TOKEN}`,
    `${refresh}`,
    `${access}; ${refresh}`,
  ]) {
    const { status, setCookies, text } = await (
      await newCalls()
    ).mutate("auth.logout", undefined, cookie ? { cookie } : {});
    expect(status, text).toBe(200);
    expect(sortByName(setCookies), cookie).toEqual(CLEARED);
  }
  expect((await signedIn.query("auth.session")).status).toBe(401);
});

test("cookies: either cookie alone is enough to end the session", async ({ newCalls, account }) => {
  for (const which of ["__acc", "__ref"]) {
    const signedIn = await newCalls();
    const login = await signedIn.signIn(account);
    const { name, value } = login.setCookies.find((cookie) => cookie.name === which)!;
    await (await newCalls()).mutate("auth.logout", undefined, { cookie: `${name}=${value}` });
    const refused = await signedIn.mutate("auth.refresh");
    expect([refused.status, refused.error?.reason], which).toEqual([401, "SESSION_ENDED"]);
  }
});

test("cookies: a call that is rejected because the session has ended clears no cookie", async ({
  newCalls,
  account,
}) => {
  const [one, other] = [await newCalls(), await newCalls()];
  await one.signIn(account);
  await other.signIn(account);
  await other.mutate("sessions.revokeOthers");
  for (const response of [await one.query("users.me"), await one.mutate("auth.refresh")]) {
    expect([response.status, response.error?.reason, response.setCookies]).toEqual([401, "SESSION_ENDED", []]);
  }
});

function sortByName(cookies: SetCookie[]): SetCookie[] {
  return cookies.toSorted((one, other) => one.name.localeCompare(other.name));
}
