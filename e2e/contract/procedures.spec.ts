import { expect, test } from "@/e2e/kit";
import { generateAccount } from "@/e2e/kit/accounts";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SESSION = {
  id: expect.stringMatching(ID),
  expiresAt: expect.stringMatching(INSTANT),
  refreshAt: expect.stringMatching(INSTANT),
};

test("procedures: each returns exactly the shape of the contract", async ({ calls }) => {
  const details = generateAccount();
  const user = { id: expect.stringMatching(ID), email: details.email, fullName: details.fullName, role: "user" };
  const profile = { ...user, createdAt: expect.stringMatching(INSTANT), emailVerified: false };

  expect((await calls.mutate("auth.register", { ...details, remember: true })).data).toEqual({
    user,
    session: SESSION,
  });
  expect((await calls.query("auth.session")).data).toEqual({ user, session: SESSION });
  expect((await calls.mutate("auth.refresh")).data).toEqual({ session: SESSION });
  expect((await calls.query("users.me")).data).toEqual(profile);
  expect((await calls.mutate("users.update", { fullName: "Ada Newgate" })).data).toEqual({
    ...profile,
    fullName: "Ada Newgate",
  });
  expect((await calls.query("auth.session")).data.user.fullName).toBe("Ada Newgate");
  expect((await calls.query("sessions.list")).data).toEqual([
    {
      id: expect.stringMatching(ID),
      current: true,
      device: { browser: "Chrome", os: expect.any(String), type: "desktop" },
      ip: "127.0.0.1",
      createdAt: expect.stringMatching(INSTANT),
      lastSeenAt: expect.stringMatching(INSTANT),
      expiresAt: expect.stringMatching(INSTANT),
    },
  ]);
  const proof = { method: "password", password: details.password };
  expect((await calls.mutate("auth.stepUp", proof)).data).toEqual({ session: SESSION });
  expect((await calls.mutate("sessions.revokeOthers")).data).toEqual({ revoked: 0 });
  const change = { currentPassword: details.password, newPassword: "seven lanterns over the causeway" };
  expect((await calls.mutate("users.changePassword", change)).data).toEqual({ ok: true });
  expect((await calls.mutate("auth.logout")).data).toEqual({ ok: true });

  const credentials = { email: details.email, password: change.newPassword };
  const login = await calls.mutate("auth.login", credentials);
  expect(login.data).toEqual({ status: "signed-in", user: { ...user, fullName: "Ada Newgate" }, session: SESSION });
  expect((await calls.mutate("sessions.revoke", { id: login.data.session.id })).data).toEqual({ ok: true });
  await calls.mutate("auth.login", credentials);
  expect((await calls.mutate("auth.logoutAll")).data).toEqual({ ok: true });
});

test("procedures: a signed-out caller is rejected by every procedure that is not public", async ({ calls }) => {
  const refused = await Promise.all([
    calls.query("auth.session"),
    calls.query("users.me"),
    calls.query("sessions.list"),
    calls.mutate("auth.logoutAll"),
    calls.mutate("users.update", { fullName: "Nobody" }),
    calls.mutate("users.changePassword", { currentPassword: "a", newPassword: "b" }),
    calls.mutate("account.export"),
    calls.mutate("account.requestDeletion", { email: "nobody@example.test" }),
    calls.mutate("auth.stepUp", { method: "password", password: "a" }),
    calls.mutate("sessions.revoke", { id: "01900000-0000-7000-8000-000000000000" }),
    calls.mutate("sessions.revokeOthers"),
    calls.mutate("auth.refresh"),
  ]);
  for (const { status, error, setCookies } of refused) {
    expect([status, error?.reason, error?.code]).toEqual([401, "SIGNED_OUT", "UNAUTHORIZED"]);
    expect(setCookies).toEqual([]);
  }
});

test("procedures: revoking another user's session returns the same error as revoking one that does not exist", async ({
  newCalls,
  newAccount,
}) => {
  const [owner, other] = [await newCalls(), await newCalls()];
  const [ada, bea] = [await newAccount(), await newAccount()];
  const { session } = (await owner.signIn(ada)).data;
  await other.signIn(bea);

  const othersSession = await other.mutate("sessions.revoke", { id: session.id });
  const unknown = await other.mutate("sessions.revoke", { id: "01900000-0000-7000-8000-000000000000" });
  for (const { status, error } of [othersSession, unknown]) expect([status, error?.reason]).toEqual([404, "NOT_FOUND"]);
  expect(othersSession.error?.message).toBe(unknown.error?.message);
  expect((await owner.query("auth.session")).status).toBe(200);
});

test("procedures: a login ends the session whose cookies it presented", async ({ newCalls, account }) => {
  const [before, other] = [await newCalls(), await newCalls()];
  const first = await before.signIn(account);
  const old = first.setCookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  await before.signIn(account);

  expect((await before.query("sessions.list")).data).toHaveLength(1);
  const refused = await other.query("users.me", undefined, { cookie: old });
  expect([refused.status, refused.error?.reason]).toEqual([401, "SESSION_ENDED"]);
});

test("procedures: concurrent registrations of one email in different spellings create one account", async ({
  newCalls,
}) => {
  const details = generateAccount();
  const spellings = [
    details.email.replace("ada.", "adé."),
    details.email.replace("ada.", "ade\u0301.").toUpperCase(),
    ` ${details.email.replace("ada.", "ａｄé.")} `,
  ];
  const responses = await Promise.all(
    spellings.map(async (email) => (await newCalls()).mutate("auth.register", { ...details, email })),
  );
  expect(responses.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  for (const { status, error, setCookies } of responses) {
    if (status === 200) continue;
    expect([error?.reason, Object.keys(error?.fields ?? {})]).toEqual(["EMAIL_TAKEN", ["email"]]);
    expect(setCookies).toEqual([]);
  }
});

test("procedures: concurrent password guesses share one rate limit", async ({ newCalls, account }) => {
  const guess = async () => (await newCalls()).mutate("auth.login", { email: account.email, password: "a guess" });
  const responses = await Promise.all(Array.from({ length: 16 }, guess));
  const reasons = responses.map(({ error }) => error?.reason).sort();
  expect(reasons).toEqual([...Array(10).fill("INVALID_CREDENTIALS"), ...Array(6).fill("RATE_LIMITED")]);
  const limited = responses.find(({ error }) => error?.reason === "RATE_LIMITED");
  expect(limited?.status).toBe(429);
  expect(limited?.headers["retry-after"]).toBe(String(limited?.error?.retryAfterSeconds));

  // The correct password is rejected too, because this is not a known device.
  const right = await (await newCalls()).mutate("auth.login", { email: account.email, password: account.password });
  expect(right.error?.reason).toBe("RATE_LIMITED");
});
