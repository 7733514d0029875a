import { TEST_ENV } from "./testing-env";
import { afterEach, describe, expect, test, vi } from "vitest";

/** The module with other secrets: it reads them once. */
async function withSecrets(changes: Record<string, string>) {
  vi.resetModules();
  Object.assign(process.env, TEST_ENV, changes);
  return import("./encryption");
}

afterEach(() => {
  delete process.env.ENCRYPTION_SECRET_PREVIOUS;
  Object.assign(process.env, TEST_ENV);
});

const PLAINTEXT = Buffer.from("a secret of twenty b");

describe("encryption", () => {
  test("decrypts what it encrypted, and never repeats a text", async () => {
    const { decrypt, encrypt } = await withSecrets({});
    const texts = Array.from({ length: 50 }, () => encrypt("label", "row 1", PLAINTEXT));
    expect(new Set(texts).size).toBe(50);
    for (const text of texts) expect(decrypt("label", "row 1", text)).toEqual(PLAINTEXT);
  });

  test("a text of another row or another label is not decrypted", async () => {
    const { decrypt, encrypt } = await withSecrets({});
    const text = encrypt("label", "row 1", PLAINTEXT);
    expect(decrypt("label", "row 2", text)).toBeNull();
    expect(decrypt("another label", "row 1", text)).toBeNull();
  });

  test("a text that was changed in any byte, or cut, is not decrypted", async () => {
    const { decrypt, encrypt } = await withSecrets({});
    const [id, encoded] = encrypt("label", "row 1", PLAINTEXT).split(".") as [string, string];
    const bytes = Buffer.from(encoded, "base64url");
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1;
      expect(decrypt("label", "row 1", `${id}.${changed.toString("base64url")}`), `byte ${index}`).toBeNull();
      const cut = bytes.subarray(0, index).toString("base64url");
      expect(decrypt("label", "row 1", `${id}.${cut}`), `cut to ${index}`).toBeNull();
    }
  });

  test.each(["", ".", "unknown.", "no dot at all", "AAAAAAAA.AAAA"])("%j is not decrypted", async (text) => {
    const { decrypt } = await withSecrets({});
    expect(decrypt("label", "row 1", text)).toBeNull();
  });

  test("after a change of the secret the previous one still decrypts, and no longer encrypts", async () => {
    const before = await withSecrets({});
    const old = before.encrypt("label", "row 1", PLAINTEXT);
    const previous = TEST_ENV.ENCRYPTION_SECRET;
    const during = await withSecrets({ ENCRYPTION_SECRET: "n".repeat(40), ENCRYPTION_SECRET_PREVIOUS: previous });
    expect(during.decrypt("label", "row 1", old)).toEqual(PLAINTEXT);
    expect(during.isCurrent("label", old)).toBe(false);
    const renewed = during.encrypt("label", "row 1", PLAINTEXT);
    expect(during.isCurrent("label", renewed)).toBe(true);

    const after = await withSecrets({ ENCRYPTION_SECRET: "n".repeat(40), ENCRYPTION_SECRET_PREVIOUS: "" });
    expect(after.decrypt("label", "row 1", renewed)).toEqual(PLAINTEXT);
    expect(after.decrypt("label", "row 1", old)).toBeNull();
  });

  test("tokens do not depend on it: a change of the session secret changes no key", async () => {
    const before = await withSecrets({});
    const text = before.encrypt("label", "row 1", PLAINTEXT);
    const after = await withSecrets({ SESSION_SECRET: "another session secret, long enough" });
    expect(after.decrypt("label", "row 1", text)).toEqual(PLAINTEXT);
  });
});
