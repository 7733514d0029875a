import { randomUUID } from "node:crypto";
import type { Calls } from "./calls";

/** A registered account. */
export interface Account {
  id: string;
  fullName: string;
  email: string;
  password: string;
}

export type NewAccount = Omit<Account, "id">;

/** The input of a registration, with a unique email. */
export function generateAccount(overrides: Partial<NewAccount> = {}): NewAccount {
  return {
    fullName: "Ada Moat",
    email: `ada.${randomUUID()}@example.test`,
    password: "velvet otters cross 7 bridges",
    ...overrides,
  };
}

/** Registers through the API; `calls` is signed in afterwards. */
export async function registerAccount(calls: Calls, overrides: Partial<NewAccount> = {}): Promise<Account> {
  const details = generateAccount(overrides);
  const { user } = (await calls.mutateWhenAccepted("auth.register", details)).data;
  return { ...details, id: user.id };
}
