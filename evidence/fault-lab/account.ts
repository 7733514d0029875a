import { randomUUID } from "node:crypto";

export interface Account {
  fullName: string;
  email: string;
  password: string;
  remember: boolean;
}

/** Nobody else has this email. */
export function inventAccount(remember: boolean): Account {
  const email = `user.${randomUUID()}@example.test`;
  return { fullName: "Ada Moat", email, password: "velvet otters cross 7 bridges", remember };
}
