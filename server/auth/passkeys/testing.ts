import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign, type KeyObject } from "node:crypto";
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/server";
import type { Kysely } from "kysely";
import type { Database, NewPasskey } from "@/db/schema";
import { signedInSession } from "@/server/auth/db-testing";

/** What an authenticator, or the browser before it, does differently. */
export interface Faults {
  challenge?: string;
  origin?: string;
  type?: string;
  crossOrigin?: boolean;
  rpId?: string;
  isPresent?: boolean;
  isVerified?: boolean;
  backedUp?: boolean;
  counter?: number;
  /** Of a registration: the id in the authenticator's data, which the browser repeats. */
  credentialId?: Buffer;
  /** Only what the browser repeats. */
  id?: string;
  /** COSE key in the place of the own one. */
  publicKey?: Buffer;
  attestation?: { format: string; statement: Cbor };
  /** Bytes appended to the attestation. */
  padding?: number;
  userHandle?: string | null;
  signature?: (signature: Buffer) => Buffer;
  signedWith?: KeyObject;
}

export type Algorithm = "ES256" | "RS256" | "EdDSA" | "ES384";

/** A software authenticator with one passkey. It counts its signatures, as security keys do. */
export function newAuthenticator(algorithm: Algorithm = "ES256") {
  const { publicKey, privateKey } = newKeys(algorithm);
  const credentialId = randomBytes(32);
  const state = { counter: 0, userHandle: "" };

  function dataOf(rpId: string, faults: Faults, attested = Buffer.alloc(0)): Buffer {
    const { isPresent = true, isVerified = true, backedUp = false } = faults;
    // Flags of WebAuthn, section 6.1: a passkey that is backed up can be.
    const flags = (isPresent ? 1 : 0) | (isVerified ? 4 : 0) | (backedUp ? 0x18 : 0) | (attested.length > 0 ? 0x40 : 0);
    state.counter = faults.counter ?? state.counter + 1;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(state.counter);
    return Buffer.concat([sha256(faults.rpId ?? rpId), Buffer.from([flags]), counter, attested]);
  }

  function create(options: PublicKeyCredentialCreationOptionsJSON, faults: Faults = {}) {
    const id = faults.credentialId ?? credentialId;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const key = faults.publicKey ?? coseKey(algorithm, publicKey);
    const clientDataJSON = clientData("webauthn.create", options.challenge, faults);
    const authData = dataOf(options.rp.id!, faults, Buffer.concat([Buffer.alloc(16), length, id, key]));
    const { format, statement } = faults.attestation ?? { format: "none", statement: new Map() };
    const attestation = cbor(
      new Map<Cbor, Cbor>([
        ["fmt", format],
        ["attStmt", statement],
        ["authData", authData],
      ]),
    );
    state.userHandle = options.user.id;
    return {
      ...{ id: faults.id ?? text(id), rawId: faults.id ?? text(id), type: "public-key" },
      response: {
        clientDataJSON: text(clientDataJSON),
        attestationObject: text(Buffer.concat([attestation, Buffer.alloc(faults.padding ?? 0)])),
        transports: ["internal", "hybrid", "telepathy"],
      },
      authenticatorAttachment: "platform",
      clientExtensionResults: { credProps: { rk: true } },
    };
  }

  function get(options: PublicKeyCredentialRequestOptionsJSON, faults: Faults = {}) {
    const clientDataJSON = clientData("webauthn.get", options.challenge, faults);
    const authenticatorData = dataOf(options.rpId!, faults);
    const signed = Buffer.concat([authenticatorData, sha256(clientDataJSON)]);
    const hash = algorithm === "EdDSA" ? null : algorithm === "ES384" ? "sha384" : "sha256";
    const signature = sign(hash, signed, faults.signedWith ?? privateKey);
    const handle = faults.userHandle === undefined ? state.userHandle : faults.userHandle;
    return {
      ...{ id: faults.id ?? text(credentialId), rawId: faults.id ?? text(credentialId), type: "public-key" },
      response: {
        clientDataJSON: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(faults.signature?.(signature) ?? signature),
        userHandle: handle,
      },
      clientExtensionResults: {},
    };
  }

  /** The row of its passkey, as a registration stores it. */
  function rowOf(userId: string, now: Date): NewPasskey {
    state.userHandle = text(Buffer.from(userId.replaceAll("-", ""), "hex"));
    return {
      ...{ id: randomUUID(), userId, credentialId: text(credentialId), name: "Key", rpId: "localhost" },
      publicKey: text(coseKey(algorithm, publicKey)),
      ...{ transports: "internal", aaguid: "00000000-0000-0000-0000-000000000000" },
      ...{ signatureCounter: state.counter, backedUp: false, createdAt: now },
    };
  }

  return { credentialId: text(credentialId), privateKey, create, get, rowOf };
}

/** An account with a password and a passkey, and a session of it, opened at `now`. */
export async function accountWithPasskey(
  db: Kysely<Database>,
  now: Date,
  {
    algorithm = "ES256" as Algorithm,
    ...given
  }: Parameters<typeof signedInSession>[2] & { algorithm?: Algorithm } = {},
) {
  const own = await signedInSession(db, now, given);
  const authenticator = newAuthenticator(algorithm);
  const row = authenticator.rowOf(own.userId, now);
  await db.insertInto("passkeys").values(row).execute();
  const read = () => db.selectFrom("passkeys").selectAll().where("id", "=", row.id).executeTakeFirst();
  return { own, userId: own.userId, authenticator, passkeyId: row.id, readPasskey: read };
}

export type Authenticator = ReturnType<typeof newAuthenticator>;

function clientData(type: string, challenge: string, faults: Faults): Buffer {
  const { crossOrigin = false, origin = "http://localhost:3000" } = faults;
  return Buffer.from(
    JSON.stringify({ type: faults.type ?? type, challenge: faults.challenge ?? challenge, origin, crossOrigin }),
  );
}

function newKeys(algorithm: Algorithm) {
  if (algorithm === "RS256") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519");
  return generateKeyPairSync("ec", { namedCurve: algorithm === "ES384" ? "P-384" : "P-256" });
}

/** COSE (RFC 9053, sections 2 and 7; RFC 8230, section 4). */
function coseKey(algorithm: Algorithm, key: KeyObject): Buffer {
  const { x, y, n, e } = key.export({ format: "jwk" });
  const bytes = (value: string | undefined) => Buffer.from(value ?? "", "base64url");
  switch (algorithm) {
    case "RS256":
      return rsaKey(bytes(n), bytes(e));
    case "EdDSA":
      return cbor(
        new Map<Cbor, Cbor>([
          [1, 1],
          [3, -8],
          [-1, 6],
          [-2, bytes(x)],
        ]),
      );
    case "ES256":
      return ecKey(-7, 1, bytes(x), bytes(y));
    case "ES384":
      return ecKey(-35, 2, bytes(x), bytes(y));
  }
}

export function ecKey(algorithm: number, curve: number, x: Buffer, y: Buffer): Buffer {
  return cbor(
    new Map<Cbor, Cbor>([
      [1, 2],
      [3, algorithm],
      [-1, curve],
      [-2, x],
      [-3, y],
    ]),
  );
}

export function rsaKey(n: Buffer, e: Buffer, algorithm = -257): Buffer {
  return cbor(
    new Map<Cbor, Cbor>([
      [1, 3],
      [3, algorithm],
      [-1, n],
      [-2, e],
    ]),
  );
}

export type Cbor = number | string | Buffer | Cbor[] | Map<Cbor, Cbor>;

/** CBOR (RFC 8949) of what an authenticator sends. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, of]) => [cbor(key), cbor(of)])]);
}

function head(type: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(type << 5) | length]);
  if (length < 256) return Buffer.from([(type << 5) | 24, length]);
  return Buffer.from([(type << 5) | 25, length >> 8, length & 255]);
}

function sha256(data: Buffer | string): Buffer {
  return createHash("sha256").update(data).digest();
}

function text(bytes: Buffer): string {
  return bytes.toString("base64url");
}
