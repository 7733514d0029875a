import { expect } from "vitest";
import { existingUser, useTestDatabase } from "@/db/testing";
import { logIn, PASSWORD, reasonOf, T0 } from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { newClient } from "@/server/auth/testing";
import type { Client } from "@/server/auth/client/client";

interface Attempt {
  password?: string;
  client?: Client;
  presented?: string | null;
  remember?: boolean;
  now?: Date;
}

/** A database for the tests of a file, accounts in it whose password is PASSWORD, and logins to them. */
export function useLogins() {
  const database = useTestDatabase();
  const passwordHash = hashPassword(PASSWORD);

  function attempt(email: string, given: Attempt = {}, db = database.db) {
    const { password = PASSWORD, client = newClient(), presented = null, remember = true, now = T0 } = given;
    // A login does not await its decrements, which later assertions rely on.
    return logIn(db, { email, password, remember }, client, presented, now).finally(() => hitCounter(db).flush());
  }

  const newAccount = async (given = {}) => existingUser(database.db, { passwordHash: await passwordHash, ...given });
  const sessionsOf = (userId: string) => {
    const sessions = database.db.selectFrom("sessions").selectAll().where("userId", "=", userId);
    return sessions.where("revokedAt", "is", null).execute();
  };

  /** Leaves `left` of the account's allowed failures. */
  async function failUntil(email: string, left: number) {
    for (let count = 10; count > left; count--) {
      expect(await reasonOf(attempt(email, { password: "wrong" }))).toBe("INVALID_CREDENTIALS");
    }
  }
  return { database, attempt, newAccount, sessionsOf, failUntil };
}
