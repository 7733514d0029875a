import { describe, expect, test } from "vitest";
import { countStatements, later, NEW_PASSWORD, reasonOf, T0 } from "@/server/auth/db-testing";
import { PURPOSES } from "@/server/auth/policy/confirmations";
import { newClient } from "@/server/auth/testing";
import { mintConfirmation, newSalt } from "./confirmation-token";
import { useMailFlows } from "./testing";

const { database, newAccount, newSignedIn, accountOf, receiveMail, perform, describeLink, askForReset } =
  useMailFlows();

async function newReset(seconds = 0) {
  const account = await newAccount();
  await askForReset(account.email, seconds);
  return { account, ...(await receiveMail("reset-password", seconds, { to: account.email })) };
}

const confirmationOf = (userId: string) =>
  database.db.selectFrom("confirmations").selectAll().where("userId", "=", userId).executeTakeFirstOrThrow();

describe("describing a link", () => {
  test("changes nothing, however often", async () => {
    const { account, token } = await newReset();
    const before = [await confirmationOf(account.id), await accountOf(account.id)];
    for (let count = 0; count < 5; count++) {
      const { email } = await describeLink(token);
      expect(email).toMatch(/^.•••@example\.test$/);
    }
    expect([await confirmationOf(account.id), await accountOf(account.id)]).toEqual(before);
  });

  test("says what ended a link that was received", async () => {
    const { token } = await newReset();
    await expect(describeLink(token, { seconds: 3600 })).rejects.toMatchObject({
      reason: "LINK_SPENT",
      details: { spent: "expired" },
    });
    await perform({ token, newPassword: NEW_PASSWORD });
    await expect(describeLink(token)).rejects.toMatchObject({ details: { spent: "used" } });
  });
});

describe("a token that was never issued is refused like any other, without detail", () => {
  const forged = () => mintConfirmation({ id: crypto.randomUUID(), purpose: "reset-password", salt: newSalt() }).token;
  const cases: [string, (token: string) => string][] = [
    ["of no row", forged],
    ["of a row with another's code", (token) => token.slice(0, 24) + forged().slice(24)],
    ["truncated", (token) => token.slice(0, 40)],
    ["doubled", (token) => token + token],
    ["empty", () => ""],
    ["percent-encoded", (token) => `%23${token}`],
    ["a lone surrogate", () => "\ud800"],
    ["megabytes", () => "A".repeat(60_000)],
  ];
  test.each(cases)("%s", async (_, change) => {
    const { account, token, code } = await newReset();
    const presented = change(token);
    for (const run of [
      () => describeLink(presented),
      () => perform({ token: presented, newPassword: NEW_PASSWORD }),
      () => perform({ token: presented, code, newPassword: NEW_PASSWORD }),
    ]) {
      const error = await run().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ reason: "LINK_SPENT", details: {} });
      expect((error as { details: object }).details).toEqual({});
    }
    expect((await accountOf(account.id)).passwordHash).toBe(account.passwordHash);
  });

  test("a forged token of a row takes as many statements as one of no row", async () => {
    const { token } = await newReset();
    const flipped = token.slice(0, -1) + (token.endsWith("A") ? "B" : "A");
    const cost = (presented: string) =>
      countStatements(database.url, (db) =>
        perform({ token: presented, newPassword: NEW_PASSWORD }, { db }).catch(() => {}),
      );
    const costs = [await cost(flipped), await cost(forged()), await cost(flipped), await cost(forged())];
    expect(new Set(costs)).toEqual(new Set([2]));
  });
});

describe("a code typed with the address", () => {
  test("confirms without the link, in any case and spacing", async () => {
    const { account, code } = await newReset();
    const typed = code.toLowerCase().replace("-", " ");
    await expect(perform({ email: account.email, code: typed })).rejects.toMatchObject({
      reason: "BAD_INPUT",
      details: { fields: { newPassword: "Choose a new password." } },
    });
    expect(await perform({ email: account.email, code: typed, newPassword: NEW_PASSWORD })).toMatchObject({
      purpose: "reset-password",
      next: "/login",
    });
  });

  test("is refused after five wrong ones, and the link still confirms", async () => {
    const { account, token, code } = await newReset();
    for (let count = 0; count < 5; count++) {
      await expect(perform({ email: account.email, code: "0000-0000" })).rejects.toMatchObject({
        reason: "LINK_SPENT",
        details: {},
      });
    }
    const late = perform({ email: account.email, code, newPassword: NEW_PASSWORD });
    await expect(late).rejects.toMatchObject({ reason: "LINK_SPENT", details: {} });
    expect((await accountOf(account.id)).passwordHash).toBe(account.passwordHash);
    expect(await perform({ token, newPassword: NEW_PASSWORD })).toMatchObject({ purpose: "reset-password" });
  });

  test("counts no try if it is right: a weak password can be corrected", async () => {
    const { account, code } = await newReset();
    for (let count = 0; count < 7; count++) {
      expect(await reasonOf(perform({ email: account.email, code, newPassword: "password123" }))).toBe("WEAK_PASSWORD");
    }
    expect(await perform({ email: account.email, code, newPassword: NEW_PASSWORD })).toMatchObject({ next: "/login" });
  });

  test("of another account is refused", async () => {
    const [mine, theirs] = [await newReset(), await newReset()];
    const crossed = perform({ email: theirs.account.email, code: mine.code, newPassword: NEW_PASSWORD });
    expect(await reasonOf(crossed)).toBe("LINK_SPENT");
  });

  test("for an address without an account gets the same refusal after as many statements", async () => {
    const { account } = await newReset();
    const attempt = async (email: string) => {
      let refusal: unknown;
      const statements = await countStatements(database.url, (db) =>
        perform({ email, code: "0000-0000" }, { db }).catch((error: unknown) => (refusal = error)),
      );
      const { reason, message, details } = refusal as { reason: string; message: string; details: object };
      return { reason, message, details, statements };
    };
    const known = await attempt(account.email);
    expect(known).toMatchObject({ reason: "LINK_SPENT", details: {} });
    expect(await attempt("nobody-has-this@example.test")).toEqual(known);
  });
});

describe("a code typed with the link", () => {
  test("is refused if it is wrong, with a limit of its own, and others cannot use up its tries", async () => {
    const { account, token, code } = await newReset();
    for (let count = 0; count < 5; count++) {
      await expect(perform({ token, code: "0000-0000", newPassword: NEW_PASSWORD })).rejects.toMatchObject({
        reason: "BAD_INPUT",
        details: { fields: { code: "That is not the code in this mail." } },
      });
    }
    expect(await reasonOf(perform({ token, code, newPassword: NEW_PASSWORD }))).toBe("RATE_LIMITED");
    expect((await confirmationOf(account.id)).codeTries).toBe(0);
    const later = perform({ token, code, newPassword: NEW_PASSWORD }, { seconds: 16 * 60 });
    expect(await later).toMatchObject({ purpose: "reset-password" });
  });
});

test("one client presents at most 30 links and codes in 15 minutes, also for different accounts", async () => {
  const client = newClient();
  const guess = (index: number, from = client) =>
    perform({ email: `guess-${index}@example.test`, code: "0000-0000" }, { client: from });
  for (let index = 0; index < 30; index++) expect(await reasonOf(guess(index))).toBe("LINK_SPENT");
  expect(await reasonOf(guess(30))).toBe("RATE_LIMITED");
  expect(await reasonOf(guess(31, newClient()))).toBe("LINK_SPENT");
});

describe("the account is disabled", () => {
  test.each(["reset-password", "verify-email", "change-email", "not-me", "revert-email"])(
    "a link to %s says that it was superseded, and has no effect",
    async (purpose) => {
      const { userId, email } = await newSignedIn();
      const row = { id: crypto.randomUUID(), userId, purpose, email, salt: newSalt(), askedBySessionId: null };
      const instants = { createdAt: T0, expiresAt: later(3600) };
      await database.db
        .insertInto("confirmations")
        .values({ ...row, ...instants })
        .execute();
      await database.db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", userId).execute();
      const before = await accountOf(userId);
      const { token, code } = mintConfirmation(row);
      for (const run of [() => describeLink(token), () => perform({ token, code, newPassword: NEW_PASSWORD })]) {
        await expect(run()).rejects.toMatchObject({ reason: "LINK_SPENT", details: { spent: "superseded" } });
      }
      expect(await accountOf(userId)).toEqual(before);
    },
  );

  test("no mail with a link is sent", async () => {
    const account = await newAccount({ disabledAt: T0 });
    await askForReset(account.email);
    await expect(receiveMail("reset-password", 0, { to: account.email })).rejects.toThrow();
  });
});

test("a confirmation of a purpose that this version does not know is refused", async () => {
  const { userId, email } = await newSignedIn();
  const row = { id: crypto.randomUUID(), userId, purpose: "unknown", email, salt: newSalt(), askedBySessionId: null };
  const instants = { createdAt: T0, expiresAt: later(3600) };
  await database.db
    .insertInto("confirmations")
    .values({ ...row, ...instants })
    .execute();
  expect(PURPOSES).not.toContain("unknown");
  const { token, code } = mintConfirmation(row);
  for (const run of [() => describeLink(token), () => perform({ token, code }), () => perform({ email, code })]) {
    expect(await reasonOf(run())).toBe("LINK_SPENT");
  }
});
