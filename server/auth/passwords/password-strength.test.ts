import "@/server/runtime/testing-env";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateStrength } from "@/app/auth/estimate-strength";
import leaked from "./leaked-passwords.json";
import { judgePassword, refuseWeakPassword } from "./password-strength";
import { cpuMilliseconds } from "@/server/auth/testing";
import { judgePasswordForm, PASSWORD_SCORE_NEEDED } from "@/server/auth/policy/password-rules";

const ADA = { email: "ada.lovelace@engines.example", fullName: "Ada Lovelace" };
const CONTEXT = { ...ADA, minLength: 10 };

const COMMON = [
  "1234567890",
  "qwertyuiop",
  "QwertyUiop",
  "1q2w3e4r5t",
  "nEmVxYhEqDd5oQxYxYzI",
  "administrator",
  "drowssap123",
  "aaaaaaaaaaaa",
  "abcdefghijkl",
  "abcabcabcabc",
  "asdfghjkl;'",
  "hello world",
  "１２３４５６７８９０",
];

const GUESSABLE = [
  "Password123!",
  "P@ssw0rd!!",
  "letmein1234",
  "iloveyou2024",
  "Summer2024!",
  "trustno1trustno1",
  "drowssap1234!",
  "aaaaaaaaaaaaaaaaa",
  "abcdefghijklmnop!",
  "abcdabcdabcdabcda",
  "asdfghjkl;'#",
  "2019-12-2019",
  "AdaLovelace1",
  "ada.lovelace",
  "lovelace1815!",
  "ecalevoladA",
  "4d4l0vel4ce",
  "ada.lovelace@engines.example",
  "Portcullis-1!",
  "portcullis2026",
  "p0rtcull15!!",
  "silluctrop",
  "engines-engines",
  "Lovelace-1815!",
  "Passw0rd.Passw0rd",
  "superman-batman",
  "Jessica&Michael",
  "Winter2023!!",
  "hello worlds",
  "password".repeat(16),
  "x".repeat(128),
];

const GOOD = [
  "correct horse battery staple",
  "plumber-kiosk-42",
  "correcthorsebattery",
  "green apple tree",
  "kX9#mP2qLz",
  "dfgj34kdl9",
  "my dog has fleas",
  "わたしのながいあいことば",
  "Ada Lovelace owns seven grey parrots",
  "correct horse battery staple ".repeat(4),
];

describe("a new password", () => {
  test.each(COMMON)("is refused as common: %s", async (password) => {
    expect(await judgePassword(password, CONTEXT)).toEqual({ kind: "bad", reason: "common" });
  });

  test.each(["gunsnroses", "GunsNRoses", "lk9slwgh3x", "jwhw6n1742", "nhfycajhvth", "ＧｕｎｓＮＲｏｓｅｓ"])(
    "is refused because it was leaked, whatever its estimate: %s",
    async (password) => {
      expect(await judgePassword(password, CONTEXT)).toEqual({ kind: "bad", reason: "common" });
    },
  );

  test("is refused if it is one of 45,000 leaked ones", async () => {
    const passwords = leaked.passwords.split("\n");
    expect(passwords.length).toBeGreaterThan(45_000);
    for (const password of passwords) {
      expect(judgePasswordForm(password, 10).kind, password).toBe("good");
      expect((await judgePassword(password, CONTEXT)).kind, password).toBe("bad");
    }
  });

  test.each(GUESSABLE)("is refused as guessable: %s", async (password) => {
    expect(await judgePassword(password, CONTEXT)).toEqual({ kind: "bad", reason: "guessable" });
  });

  test.each(GOOD)("is accepted: %s", async (password) => {
    expect(await judgePassword(password, CONTEXT)).toEqual({ kind: "good" });
  });

  test("is refused for its form before its strength is estimated", async () => {
    expect(await judgePassword("kX9#mP2qL", CONTEXT)).toEqual({ kind: "bad", reason: "short" });
    expect(await judgePassword("kX9#mP2qLz", { ...CONTEXT, minLength: 15 })).toEqual({ kind: "bad", reason: "short" });
    expect(await judgePassword("kX9#mP2qLz".repeat(13), CONTEXT)).toEqual({ kind: "bad", reason: "long" });
    expect(await judgePassword("kX9#mP2q\ud800z", CONTEXT)).toEqual({ kind: "bad", reason: "malformed" });
  });

  test("is judged with the name and email of its user", async () => {
    const grace = { email: "grace@navy.example", fullName: "Grace Hopper" };
    expect(await judgePassword("lovelace.engines", CONTEXT)).toEqual({ kind: "bad", reason: "guessable" });
    expect(await judgePassword("lovelace.engines", { ...grace, minLength: 10 })).toEqual({ kind: "good" });
  });

  test("causes no exception, even as a property name of JavaScript objects", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.array(fc.constantFrom("__proto__", "constructor", "toString", "1", " ", "\0", "😀"), { maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(text, text, async (password, name) => {
        const person = { email: `${String(name)}@x.example`, fullName: String(name) };
        const { kind } = await judgePassword([password].flat().join(""), { ...person, minLength: 0 });
        expect(["good", "bad"]).toContain(kind);
      }),
      { numRuns: 40 },
    );
  });
});

describe("refuseWeakPassword", () => {
  test.each([
    ["kX9#mP2qL", "Use at least 10 characters."],
    ["kX9#mP2qLz".repeat(13), "Use at most 128 characters."],
    ["kX9#mP2q\ud800z", "That contains a broken character."],
    ["qwertyuiop", "Many people use this password. Choose another one."],
    ["AdaLovelace1", "That is too easy to guess. Another unrelated word or two makes it strong."],
  ])("refuses with a message at the field: %s", async (password, words) => {
    await expect(refuseWeakPassword("newPassword", password, ADA)).rejects.toMatchObject({
      reason: "WEAK_PASSWORD",
      details: { fields: { newPassword: words } },
    });
  });

  test("accepts a strong password", async () => {
    await expect(refuseWeakPassword("newPassword", "plumber-kiosk-42", ADA)).resolves.toBeUndefined();
  });
});

test("the slowest known passwords are estimated in a bounded processor time", async () => {
  const slow = [
    "p@$$w0rd1p@$$w0rd1p@$$w0rd11@$$w0gd1p@4$w0r(1a",
    "p4ssw0rdd4ssw0r<p4ssw0rdp4ssd0rd",
    "2019201820172016",
  ];
  for (const pattern of slow) {
    const password = pattern.repeat(8).slice(0, 128);
    let least = Infinity;
    for (let i = 0; i < 5; i += 1) {
      least = Math.min(least, await cpuMilliseconds(() => judgePassword(password, CONTEXT)));
    }
    expect(least).toBeLessThan(60);
  }
});

test("the browser's meter agrees with the server", async () => {
  for (const password of [...COMMON, ...GUESSABLE, ...GOOD]) {
    const isStrong = (await estimateStrength(password, ADA)) >= PASSWORD_SCORE_NEEDED;
    expect([password, isStrong]).toEqual([password, (await judgePassword(password, CONTEXT)).kind === "good"]);
  }
});
