import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { signedInSession, useAppDatabase } from "@/server/auth/db-testing";
import { ADA } from "@/server/auth/testing";
import { mintConfirmation, newSalt } from "@/server/auth/email/confirmation-token";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { tryRefresh } from "@/server/auth/sessions/refresh";
import { readKeys } from "@/server/auth/tokens/bearer-key-feed";
import { mintChallengeToken, readChallengeToken } from "@/server/auth/tokens/challenge-token";
import { mintEndToken, readEndToken } from "@/server/auth/tokens/end-token";
import { bearerToken } from "@/server/auth/tokens/testing";
import { database as appDatabase } from "@/server/runtime/database";
import { call } from "./testing";

const database = useAppDatabase();
/** Later than the first key, which is made when the tests begin. */
const NOW = secondsAfter(new Date(), 60);
const now = secondsAfter(NOW, 10);
beforeAll(() => readKeys(appDatabase()));

/** One valid token of every kind that the app knows. */
async function oneOfEachKind() {
  const session = await signedInSession(database.db, NOW);
  const { id, userId, accessToken, refreshToken } = session;
  const link = { id: randomUUID(), purpose: "not-me", salt: newSalt() };
  await database.db
    .insertInto("confirmations")
    .values({
      ...link,
      userId,
      email: "ada@example.test",
      createdAt: NOW,
      expiresAt: secondsAfter(NOW, 3600),
      askedBySessionId: null,
    })
    .execute();
  const challenge = { id: randomUUID(), userId, sessionEpoch: 0, remember: true, expiresAt: secondsAfter(NOW, 300) };
  return {
    "access cookie": accessToken,
    "refresh cookie": refreshToken,
    "pending login": await mintChallengeToken(challenge, ADA, NOW),
    "end token": await mintEndToken({ sessionIds: [id], reason: "logout" }, NOW),
    "mailed link": mintConfirmation(link).token,
    bearer: await bearerToken(database.db, id, NOW),
    "bearer for another service": await bearerToken(database.db, id, NOW, { audience: "https://billing.test" }),
  };
}

type Kind = keyof Awaited<ReturnType<typeof oneOfEachKind>>;

/** Every place that takes a token, and the only kind that it accepts. */
const PLACES: [place: string, accepts: Kind, isAccepted: (token: string) => Promise<boolean>][] = [
  ["the access cookie", "access cookie", async (token) => isOk(await get({ cookie: `__acc=${token}` }))],
  ["the refresh cookie", "refresh cookie", async (token) => (await refreshed(token)) === "refreshed"],
  ["a second step", "pending login", async (token) => (await readChallengeToken(token, ADA, now)) !== null],
  ["an end of a session", "end token", async (token) => (await readEndToken(token, now)) !== null],
  ["a link", "mailed link", async (token) => isOk(await call("confirm.describe", { input: { token }, now }))],
  ["the Authorization header", "bearer", async (token) => isOk(await get({ authorization: `Bearer ${token}` }))],
];

const get = (headers: Record<string, string>) => call("users.me", { method: "GET", now, headers });
const isOk = ({ status }: { status: number }) => status === 200;
const refreshed = async (token: string) => (await tryRefresh(database.db, token, ADA, now)).kind;

test.each(PLACES)("tokens: %s accepts the %s and no other kind of token", async (_, accepts, isAccepted) => {
  const tokens = Object.entries(await oneOfEachKind());
  const accepted: string[] = [];
  for (const [kind, token] of tokens) if (await isAccepted(token)) accepted.push(kind);
  expect(accepted).toEqual([accepts]);
});
