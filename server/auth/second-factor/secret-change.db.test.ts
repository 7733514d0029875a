import { expect, onTestFinished, test, vi } from "vitest";
import { keyIdOf } from "@/server/runtime/encryption";
import { log } from "@/server/runtime/log";
import { TEST_ENV } from "@/server/runtime/testing-env";
import { anotherInstance } from "@/server/auth/testing";
import { outcomeOf, useSecondFactors } from "./testing";
import { totpCode } from "./totp";

const { database, presentStep, enrolled, begin, finish } = useSecondFactors();
const NEW_SECRET = "another encryption secret, long enough too";

/** The second step of an instance with other encryption secrets. */
async function instanceWith(secrets: Record<string, string>) {
  const { finishLogin, readRevocations } = await anotherInstance(
    async () => ({
      ...(await import("@/server/auth/login/second-factor")),
      ...(await import("@/server/auth/sessions/revocation-feed")),
    }),
    secrets,
  );
  await readRevocations(database.db);
  return finishLogin;
}

const storedSecretOf = async (userId: string) => {
  const stored = database.db.selectFrom("totpSecrets").select("secret").where("userId", "=", userId);
  return (await stored.executeTakeFirstOrThrow()).secret!;
};

test("a changed ENCRYPTION_SECRET without the previous one: codes of apps are refused, an error is logged, recovery codes work", async () => {
  const { email, secret, userId, recoveryCodes } = await enrolled();
  const run = await instanceWith({ ENCRYPTION_SECRET: NEW_SECRET });
  const logged = vi.spyOn(log, "error");
  onTestFinished(() => logged.mockRestore());
  const stored = await storedSecretOf(userId);
  const step = await begin(email);
  const code = totpCode(secret, await presentStep());
  expect(await outcomeOf(finish(step, "totp", code, { run }))).toBe("SECOND_FACTOR_WRONG");
  expect(logged.mock.calls).toEqual([[{ userId }, expect.stringContaining("ENCRYPTION_SECRET")]]);
  expect(await storedSecretOf(userId), "it works again once the secret is back").toBe(stored);
  expect(await outcomeOf(finish(step, "recovery-code", recoveryCodes[0]!, { run }))).toBe("signed in");
  expect(await outcomeOf(finish(await begin(email), "totp", code))).toBe("signed in");
});

test("a changed ENCRYPTION_SECRET with the previous one: a code works and encrypts its secret again, so that the previous one can go", async () => {
  const { email, secret, userId } = await enrolled();
  const changing = await instanceWith({
    ENCRYPTION_SECRET: NEW_SECRET,
    ENCRYPTION_SECRET_PREVIOUS: TEST_ENV.ENCRYPTION_SECRET,
  });
  expect(await storedSecretOf(userId)).toContain(`${keyIdOf(TEST_ENV.ENCRYPTION_SECRET)}.`);
  const step = await presentStep();
  expect(await outcomeOf(finish(await begin(email), "totp", totpCode(secret, step), { run: changing }))).toBe(
    "signed in",
  );
  expect(await storedSecretOf(userId)).toContain(`${keyIdOf(NEW_SECRET)}.`);

  const changed = await instanceWith({ ENCRYPTION_SECRET: NEW_SECRET });
  expect(await outcomeOf(finish(await begin(email), "totp", totpCode(secret, step + 1), { run: changed }))).toBe(
    "signed in",
  );
});
