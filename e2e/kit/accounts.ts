import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
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

/** Registers through the API and logs out again. */
export async function registerAccount(calls: Calls, overrides: Partial<NewAccount> = {}): Promise<Account> {
  const details = generateAccount(overrides);
  const { user } = (await calls.mutate("auth.register", details)).data;
  if (!(await calls.mutate("auth.logout")).data.ok) throw new Error("The logout after the registration failed");
  return { ...details, id: user.id };
}

/** Registers and stays signed in. Waits out the rate limit, because many workers may start at the same time. */
export async function registerWhenAllowed(calls: Calls): Promise<void> {
  for (;;) {
    const { error, text } = await calls.mutate("auth.register", generateAccount());
    if (error === null) return;
    if (error.reason !== "RATE_LIMITED") throw new Error(`Registering failed: ${text}`);
    await setTimeout((error.retryAfterSeconds ?? 1) * 1000);
  }
}
