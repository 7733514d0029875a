import { expect, test } from "vitest";
import { isSupportedAttestation } from "./credential-key";
import { cbor, type Cbor } from "./testing";

const attestation = (format: Cbor, statement: Map<Cbor, Cbor>) =>
  cbor(
    new Map<Cbor, Cbor>([
      ["fmt", format],
      ["attStmt", statement],
      ["authData", Buffer.alloc(37)],
    ]),
  ).toString("base64url");
const certificate: [Cbor, Cbor] = ["x5c", [Buffer.alloc(300)]];

test("attestations: only none and a self attestation reach the library, and no certificate does", () => {
  expect(isSupportedAttestation(attestation("none", new Map()))).toBe(true);
  expect(isSupportedAttestation(attestation("packed", new Map([["alg", -7]])))).toBe(true);
  expect(isSupportedAttestation(attestation("packed", new Map<Cbor, Cbor>([["alg", -7], certificate])))).toBe(false);
  for (const format of ["fido-u2f", "android-key", "android-safetynet", "apple", "tpm", "", 7]) {
    expect(isSupportedAttestation(attestation(format, new Map([certificate]))), String(format)).toBe(false);
  }
  for (const text of ["", "AA", "_w", "oA"]) expect(isSupportedAttestation(text), text).toBe(false);
  // Lists in lists, and lengths of 2^31 and more of a list, a map and a text.
  for (const hex of ["81".repeat(6000), "9bffffffffffffffff", "ba7fffffff", "7a7fffffff"]) {
    expect(isSupportedAttestation(Buffer.from(hex, "hex").toString("base64url")), hex.slice(0, 20)).toBe(false);
  }
});
