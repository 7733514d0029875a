import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Calls } from "./calls";

/** Somebody who can sign in. */
export interface Account {
  id: string;
  fullName: string;
  email: string;
  password: string;
}

export type NewAccount = Omit<Account, "id">;

/** What a person would type to register. Nobody else has this email. */
export function generateAccount(overrides: Partial<NewAccount> = {}): NewAccount {
  return {
    fullName: "Ada Moat",
    email: `ada.${randomUUID()}@example.test`,
    password: "velvet otters cross 7 bridges",
    ...overrides,
  };
}

/** Registers through the real procedure, leaves no session behind, and is nobody's known browser. */
export async function registerAccount(calls: Calls, overrides: Partial<NewAccount> = {}): Promise<Account> {
  const details = generateAccount(overrides);
  const { user } = (await calls.mutate("auth.register", details)).data;
  if (!(await calls.mutate("auth.logout")).data.ok) throw new Error("The session of the registration is still open");
  return { ...details, id: user.id };
}

/** Registers and stays signed in. Many workers may start at once: waits as long as the server says when it has had too many. */
export async function registerWhenAllowed(calls: Calls): Promise<void> {
  for (;;) {
    const { error, text } = await calls.mutate("auth.register", generateAccount());
    if (error === null) return;
    if (error.reason !== "RATE_LIMITED") throw new Error(`Registering failed: ${text}`);
    await setTimeout((error.retryAfterSeconds ?? 1) * 1000);
  }
}
