import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connect } from "@/db/connect";
import { revokeSession } from "@/db/tables/revocations";
import { findUserById } from "@/db/tables/users";
import { atOnce, useTestDatabase } from "@/db/testing";
import { callerWith, later, reasonOf, T0 } from "@/server/auth/db-testing";
import { beginLoginAssertion } from "./assertion";
import { loginByPasskey } from "@/server/auth/login/passkey-login";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA, newClient } from "@/server/auth/testing";
import { listPasskeys, removePasskey, renamePasskey } from "./passkeys";
import { accountWithPasskey, newAuthenticator } from "./testing";

const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

async function account(given = {}) {
  const one = await accountWithPasskey(database.db, T0, given);
  const caller = await callerWith(one.own);
  const rename = (id: string, name: string) => renamePasskey(database.db, caller, { id, name }, later(1));
  const remove = (id: string, db = database.db) => removePasskey(db, caller, id, ADA, later(1));
  const insertCodes = () =>
    database.db
      .insertInto("recoveryCodes")
      .values({ userId: one.userId, number: 1, codeHash: "hash", createdAt: T0 })
      .execute();
  const codes = () => database.db.selectFrom("recoveryCodes").select("number").where("userId", "=", one.userId);
  return { ...one, rename, remove, insertCodes, codes };
}

test("passkeys: are listed without their keys", async () => {
  const { userId, passkeyId } = await account();
  expect(await listPasskeys(database.db, userId)).toEqual([
    { id: passkeyId, name: "Key", createdAt: T0.toISOString(), lastUsedAt: null, backedUp: false },
  ]);
});

describe("renaming a passkey:", () => {
  test("changes its name, also to the same one", async () => {
    const { passkeyId, rename, readPasskey } = await account();
    for (const name of ["Phone 🔑", "Phone 🔑"]) await rename(passkeyId, name);
    expect(await readPasskey()).toMatchObject({ name: "Phone 🔑" });
  });

  test("answers alike for one of another account and an unknown one", async () => {
    const [ada, mallory] = [await account(), await account()];
    expect(await reasonOf(mallory.rename(ada.passkeyId, "Mine"))).toBe("NOT_FOUND");
    expect(await reasonOf(mallory.rename(crypto.randomUUID(), "Mine"))).toBe("NOT_FOUND");
    expect(await ada.readPasskey()).toMatchObject({ name: "Key" });
  });

  test("is refused after the session has ended", async () => {
    const { own, passkeyId, rename, readPasskey } = await account();
    await revokeSession(database.db, { id: own.id, reason: "logout" });
    expect(await reasonOf(rename(passkeyId, "Other"))).toBe("SESSION_ENDED");
    expect(await readPasskey()).toMatchObject({ name: "Key" });
  });
});

describe("removing a passkey:", () => {
  test("ends its logins and tells the owner by mail", async () => {
    const { userId, passkeyId, authenticator, remove, readPasskey } = await account();
    await remove(passkeyId);
    expect(await readPasskey()).toBeUndefined();
    const mails = await database.db.selectFrom("outgoingMails").selectAll().where("userId", "=", userId).execute();
    expect(mails.map(({ details }) => details.includes("A passkey was removed"))).toEqual([true]);
    const response = authenticator.get(await beginLoginAssertion(database.db, newClient(), later(2)));
    const login = loginByPasskey(database.db, { response, remember: true }, newClient(), null, later(3));
    expect(await reasonOf(login)).toBe("INVALID_CREDENTIALS");
  });

  test("answers alike for one of another account and an unknown one", async () => {
    const [ada, mallory] = [await account(), await account()];
    expect(await reasonOf(mallory.remove(ada.passkeyId))).toBe("NOT_FOUND");
    expect(await reasonOf(mallory.remove(crypto.randomUUID()))).toBe("NOT_FOUND");
    expect(await ada.readPasskey()).toBeDefined();
  });

  test("keeps the last way into an account without a password, also of two concurrent removals on two instances", async () => {
    const { userId, passkeyId, remove } = await account({ passwordHash: "" });
    const other = newAuthenticator().rowOf(userId, T0);
    await database.db.insertInto("passkeys").values(other).execute();
    // The mutex of a process is kept for each pool.
    const instances = [database.db, connect(database.url, { poolSize: 1 })];
    onTestFinished(() => instances[1]!.destroy());
    await findUserById(instances[1]!, userId);
    const results = await atOnce(2, (index) =>
      remove([passkeyId, other.id][index]!, instances[index]).then(
        () => "removed",
        (error: { reason: string }) => error.reason,
      ),
    );
    expect(results.sort()).toEqual(["LAST_WAY_IN", "removed"]);
    expect(await listPasskeys(database.db, userId)).toHaveLength(1);
  });

  test("removes the recovery codes with the last factor, and keeps them while there is another", async () => {
    const { userId, passkeyId, remove, insertCodes, codes } = await account();
    const other = newAuthenticator().rowOf(userId, T0);
    await database.db.insertInto("passkeys").values(other).execute();
    await insertCodes();
    await remove(passkeyId);
    expect(await codes().execute()).toHaveLength(1);
    await remove(other.id);
    expect(await codes().execute()).toEqual([]);
  });

  test("keeps the last one that can be used at this domain, beside one of the former domain, which can be removed", async () => {
    const { userId, passkeyId, remove } = await account({ passwordHash: "" });
    const former = { ...newAuthenticator().rowOf(userId, T0), rpId: "old.test" };
    await database.db.insertInto("passkeys").values(former).execute();
    expect(await reasonOf(remove(passkeyId))).toBe("LAST_WAY_IN");
    await remove(former.id);
    expect((await listPasskeys(database.db, userId)).map(({ id }) => id)).toEqual([passkeyId]);
  });

  test("is refused after the session has ended", async () => {
    const { own, passkeyId, remove, readPasskey } = await account();
    await revokeSession(database.db, { id: own.id, reason: "logout" });
    expect(await reasonOf(remove(passkeyId))).toBe("SESSION_ENDED");
    expect(await readPasskey()).toBeDefined();
  });
});
