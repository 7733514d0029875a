import { beforeAll, describe, expect, test } from "vitest";
import { revokeSession } from "@/db/tables/revocations";
import {
  later,
  PASSWORD,
  signedInSession,
  T0,
  useAppDatabase,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { call, get } from "./testing";

const database = useAppDatabase();
let passwordHash: string;
beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD);
});

const PROCEDURES: [name: string, input?: unknown][] = [
  ["users.me"],
  ["users.update", { fullName: "Ada" }],
  ["users.changePassword", { currentPassword: PASSWORD, newPassword: "seven violet bridges over otters" }],
  ["users.setPassword", { newPassword: "seven violet bridges over otters" }],
  ["sessions.list"],
  ["sessions.revoke", { id: crypto.randomUUID() }],
  ["sessions.revokeOthers"],
  ["auth.logoutAll"],
  ["auth.stepUp", { method: "password", password: PASSWORD }],
  ["email.requestVerification"],
  ["email.requestChange", { email: "new@example.test" }],
  ["account.export"],
  ["account.requestDeletion", { email: "ada@example.test" }],
];

describe.each(PROCEDURES)("%s for a session whose row is not there", (name, input) => {
  const answerAt = async (seconds: number, end: (session: SignedInTestSession) => Promise<unknown>) => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    await end(session);
    const send = name === "users.me" || name === "sessions.list" ? get : call;
    const { status, data } = await send(name, { cookie: session, input, now: later(seconds) });
    return [status, data?.reason];
  };
  const remove = ({ id }: SignedInTestSession) => database.db.deleteFrom("sessions").where("id", "=", id).execute();

  test("is unavailable while the row may not have been replicated yet", async () => {
    expect(await answerAt(59, remove)).toEqual([503, "UNAVAILABLE"]);
  });

  test("says that the session has ended after that, and at once for one that was revoked", async () => {
    expect(await answerAt(61, remove)).toEqual([401, "SESSION_ENDED"]);
    const revoke = ({ id }: SignedInTestSession) => revokeSession(database.db, { id, reason: "logout" });
    expect(await answerAt(10, revoke)).toEqual([401, "SESSION_ENDED"]);
  });
});
