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
  const registered = await calls.mutateWhenAccepted("auth.register", details);
  // The email is new: an attempt whose response was cut off has registered it.
  const isRepeated = registered.error?.code === "CONFLICT" && overrides.email === undefined;
  const { user } = isRepeated ? (await calls.signIn(details)).data : registered.data;
  return { ...details, id: user.id };
}
