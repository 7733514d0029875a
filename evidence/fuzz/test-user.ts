import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database, SessionRow, User } from "@/db/schema";
import { insertUser } from "@/db/tables/users";
import type { Client } from "@/server/auth/client/client";
import { describeDevice } from "@/server/auth/client/device";
import { hashPassword } from "@/server/auth/passwords/password";
import { issueTokens } from "@/server/auth/sessions/issue-tokens";
import { openSession } from "@/server/auth/sessions/open-session";

export const AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
export const PASSWORD = "velvet otters cross 7 bridges";

const CLIENT: Client = { address: "127.0.0.1", userAgent: AGENT, ...describeDevice(AGENT) };

interface OpenSession {
  session: SessionRow;
  access: string;
  refresh: string;
}

export type RowChange = "changed" | "rotated" | null;

export type UserRows = { user: User | undefined; sessions: SessionRow[] };

/** An account with one session, created directly by the product's code, so that no request needs a login. */
export class TestUser {
  #session: OpenSession | null = null;

  private constructor(
    private readonly db: Kysely<Database>,
    private readonly account: User,
  ) {}

  static async create(db: Kysely<Database>, passwordHash: string): Promise<TestUser> {
    const email = `user.${randomUUID()}@example.test`;
    const now = new Date();
    const created = { id: randomUUID(), email, fullName: "Ada Moat", passwordHash, createdAt: now, updatedAt: now };
    await insertUser(db, created);
    const user = await db.selectFrom("users").selectAll().where("id", "=", created.id).executeTakeFirstOrThrow();
    const testUser = new TestUser(db, user);
    await testUser.signIn();
    return testUser;
  }

  get email(): string {
    return this.account.email;
  }

  get userId(): string {
    return this.account.id;
  }

  get sessionId(): string {
    return this.#signedIn.session.id;
  }

  get access(): string {
    return this.#signedIn.access;
  }

  get refresh(): string {
    return this.#signedIn.refresh;
  }

  /** Values that only this user may see in a response. */
  get secrets(): string[] {
    const { access, refresh, session } = this.#signedIn;
    return [access, refresh, session.currentNonce, session.id, this.email];
  }

  /** How the rows differ from the created ones; null if they do not. A rotation alone is reported as "rotated". */
  changeIn({ user, sessions }: UserRows): RowChange {
    const [session] = sessions;
    const planted = this.#signedIn.session;
    if (sessions.length !== 1 || session === undefined || !isSame(user, this.account)) return "changed";
    if (isSame(session, planted)) return null;
    const { id, userId, createdAt, authenticatedAt, absoluteExpiresAt, revokedAt, revokedReason, remember } = planted;
    const kept = { id, userId, createdAt, authenticatedAt, absoluteExpiresAt, revokedAt, revokedReason, remember };
    return isSame({ ...session, ...kept }, session) ? "rotated" : "changed";
  }

  /** Restores the account with one new session. */
  async restore(): Promise<void> {
    const { id } = this.account;
    // With the old hash or epoch the row would look as if the database had lost the change: logins would be unavailable.
    const { sessionEpoch } = await this.db
      .selectFrom("users")
      .select("sessionEpoch")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    Object.assign(this.account, { passwordHash: await hashTestPassword(), sessionEpoch });
    const { id: _, ...values } = this.account;
    await this.db.deleteFrom("sessions").where("userId", "=", id).execute();
    await this.db.updateTable("users").set(values).where("id", "=", id).execute();
    await this.signIn();
  }

  private async signIn(): Promise<void> {
    const now = new Date();
    const session = await openSession(this.db, this.account, true, CLIENT, now);
    if (session === null) throw new Error("The session was not opened.");
    const { cookies } = await issueTokens(session, CLIENT, now);
    const row = await this.db.selectFrom("sessions").selectAll().where("id", "=", session.id).executeTakeFirstOrThrow();
    this.#session = { session: row, access: cookies[0]!.value, refresh: cookies[1]!.value };
  }

  get #signedIn(): OpenSession {
    if (this.#session === null) throw new Error("The user is not signed in.");
    return this.#session;
  }
}

/** The rows of these users. */
export async function readRows(db: Kysely<Database>, testUsers: readonly TestUser[]): Promise<UserRows[]> {
  const ids = testUsers.map(({ userId }) => userId);
  const [users, sessions] = await Promise.all([
    db.selectFrom("users").selectAll().where("id", "in", ids).execute(),
    db.selectFrom("sessions").selectAll().where("userId", "in", ids).orderBy("id").execute(),
  ]);
  return ids.map((one) => ({
    user: users.find(({ id }) => id === one),
    sessions: sessions.filter(({ userId }) => userId === one),
  }));
}

/** One hash for all test users, because hashing is slow. */
export async function hashTestPassword(): Promise<string> {
  return hashPassword(PASSWORD);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
