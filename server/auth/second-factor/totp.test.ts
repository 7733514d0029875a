import { HOTP, Secret, TOTP, URI } from "otpauth";
import { describe, expect, test } from "vitest";
import {
  judgeTotp,
  newTotpSecret,
  normalizeTotpCode,
  toBase32,
  totpCode,
  totpStep,
  totpUri,
  type TotpRule,
} from "./totp";

const RFC_SECRET = Buffer.from("12345678901234567890");
const NOW = new Date("2026-11-21T12:00:00.250Z");
const STEP = totpStep(NOW);

describe("TOTP codes", () => {
  test.each([
    [59, "94287082"],
    [1111111109, "07081804"],
    [1111111111, "14050471"],
    [1234567890, "89005924"],
    [2000000000, "69279037"],
    [20000000000, "65353130"],
  ])("are those of RFC 6238, appendix B, truncated to six digits: %d s", (seconds, eightDigits) => {
    expect(totpCode(RFC_SECRET, totpStep(new Date(seconds * 1000)))).toBe(eightDigits.slice(2));
  });

  test.each(
    ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"].map(
      (code, counter) => [counter, code] as const,
    ),
  )("are those of RFC 4226, appendix D, for the counter %d", (counter, code) => {
    expect(totpCode(RFC_SECRET, counter)).toBe(code);
  });

  test("are those of another implementation for many secrets and steps, beyond 2^32 too", () => {
    for (let round = 0; round < 2000; round++) {
      const secret = newTotpSecret();
      const step = round % 2 === 0 ? STEP + round * 7919 : 2 ** 32 + round * 104_729;
      const other = new HOTP({ secret: new Secret({ buffer: new Uint8Array(secret).buffer }), digits: 6 });
      expect(totpCode(secret, step)).toBe(other.generate({ counter: step }));
    }
  });
});

test("TOTP secrets have 160 random bits", () => {
  const secrets = Array.from({ length: 100 }, newTotpSecret);
  expect(secrets.every(({ length }) => length === 20)).toBe(true);
  expect(new Set(secrets.map(toBase32)).size).toBe(100);
});

describe("a TOTP code is judged", () => {
  const rule: TotpRule = { now: NOW, driftSteps: 0, toleranceSteps: 1, lastStep: null };
  const judge = (offset: number, given: Partial<TotpRule> = {}) =>
    judgeTotp(RFC_SECRET, totpCode(RFC_SECRET, STEP + offset), { ...rule, ...given });

  test.each([
    [-2, null],
    [-1, STEP - 1],
    [0, STEP],
    [1, STEP + 1],
    [2, null],
  ])("by the steps around the present: %d", (offset, step) => {
    expect(judge(offset)).toBe(step);
  });

  test.each([
    [1, null],
    [2, STEP + 2],
    [3, STEP + 3],
    [4, STEP + 4],
    [5, null],
  ])("by the steps around the drift of the app's clock: %d with a drift of 3", (offset, step) => {
    expect(judge(offset, { driftSteps: 3 })).toBe(step);
  });

  test.each([
    [-6, null],
    [-5, STEP - 5],
    [5, STEP + 5],
    [6, null],
  ])("by five steps at the enrolment: %d", (offset, step) => {
    expect(judge(offset, { toleranceSteps: 5 })).toBe(step);
  });

  test.each([
    [-1, STEP - 2, STEP - 1],
    [-1, STEP - 1, null],
    [-1, STEP, null],
    [0, STEP, null],
    [0, STEP + 1, null],
    [1, STEP, STEP + 1],
  ])("as used if its step is not after the last accepted one: %d after %d", (offset, lastStep, step) => {
    expect(judge(offset, { lastStep })).toBe(step);
  });

  test("as wrong for another secret", () => {
    const other = Buffer.from("09876543210987654321");
    expect(judgeTotp(other, totpCode(RFC_SECRET, STEP), rule)).toBeNull();
  });

  test.each(["", "12345", "1234567", "abcdef", "      ", "１２３４５６", "\ud800", "١٢٣٤٥٦"])(
    "as wrong without an exception if it has another form: %j",
    (code) => {
      expect(judgeTotp(RFC_SECRET, code, rule)).toBeNull();
    },
  );
});

test.each([
  "123456",
  "123 456",
  " 123456 ",
  "123-456",
  "１２３４５６",
  "１２３　４５６",
  "12\u00a034–56",
  "1\t2\n3456",
])("a typed TOTP code is read as 123456: %j", (typed) => {
  expect(normalizeTotpCode(typed)).toBe("123456");
});

describe("the URI of an authenticator app", () => {
  test("is read by another implementation, which then makes the same codes", () => {
    const app = URI.parse(totpUri(RFC_SECRET, "ada+x@example.test")) as TOTP;
    expect(app).toMatchObject({ issuer: "Portcullis", algorithm: "SHA1", digits: 6, period: 30 });
    expect(app.label).toBe("ada+x@example.test");
    expect(app.generate({ timestamp: NOW.getTime() })).toBe(totpCode(RFC_SECRET, STEP));
  });

  test("escapes an address that contains characters of a URI", () => {
    const address = 'a?b&c#d/e%f"g@münchen.example';
    expect((URI.parse(totpUri(RFC_SECRET, address)) as TOTP).label).toBe(address);
    expect(totpUri(RFC_SECRET, address)).toMatch(/^otpauth:\/\/totp\/Portcullis:[\w%.-]+\?secret=[A-Z2-7]{32}&/);
  });
});
