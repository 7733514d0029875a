import "server-only";
import { generateRegistrationOptions, verifyRegistrationResponse } from "@simplewebauthn/server";
import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/server";
import { v7 as uuidv7 } from "uuid";
import type { NewPasskey, Passkey, User } from "@/db/schema";
import type { Client } from "@/server/auth/client/client";
import { CHALLENGE_SECONDS } from "@/server/auth/policy/lifetimes";
import type { ClientData, RegistrationResponse } from "./client-response";
import { isSupportedAttestation, isSupportedKey } from "./credential-key";
import { ALGORITHMS, newChallenge, relyingParty, userHandle } from "./relying-party";

/** Options to create a passkey for an account. Authenticators refuse a second one for the same account. */
export async function newCreationOptions(
  { id, email, fullName }: Pick<User, "id" | "email" | "fullName">,
  existing: readonly Passkey[] = [],
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { id: rpID, name: rpName } = relyingParty();
  return generateRegistrationOptions({
    rpID,
    rpName,
    userID: userHandle(id),
    userName: email,
    userDisplayName: fullName,
    challenge: newChallenge(),
    attestationType: "none",
    supportedAlgorithmIDs: Object.values(ALGORITHMS),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    excludeCredentials: existing.filter(({ rpId }) => rpId === rpID).map(({ credentialId: id }) => ({ id })),
    timeout: CHALLENGE_SECONDS * 1000,
  });
}

/** What an authenticator has created, as it is stored. */
export type CreatedCredential = Omit<NewPasskey, "id" | "userId" | "name" | "createdAt">;

/** Null if the response is not valid, or of a kind that was not asked for. Whether its challenge is open is not checked. */
export async function verifyCreation(
  response: RegistrationResponse & { clientData: ClientData },
): Promise<CreatedCredential | null> {
  const { id: expectedRPID, origin: expectedOrigin } = relyingParty();
  // Before the library, which would parse certificates and request the revocation lists that they name.
  if (!isSupportedAttestation(response.response.attestationObject)) return null;
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...response, clientExtensionResults: {} },
      expectedChallenge: response.clientData.challenge,
      expectedOrigin,
      expectedRPID,
      requireUserVerification: true,
      supportedAlgorithmIDs: Object.values(ALGORITHMS),
    });
    if (!verified) return null;
    const { credential, aaguid, credentialBackedUp: backedUp } = registrationInfo;
    if (credential.id !== response.id || !isSupportedKey(credential.publicKey)) return null;
    const publicKey = Buffer.from(credential.publicKey).toString("base64url");
    const { id: credentialId, counter: signatureCounter } = credential;
    const transports = response.response.transports.join(" ");
    return { credentialId, publicKey, signatureCounter, rpId: expectedRPID, transports, aaguid, backedUp };
  } catch {
    // The library throws errors without a code for everything that is not valid, and does nothing but parse and compute.
    return null;
  }
}

/** The row of a new passkey, which was never used. */
export function newPasskey(
  userId: string,
  credential: CreatedCredential,
  name: string | undefined,
  client: Client,
  now: Date,
): NewPasskey & { lastUsedAt: null } {
  return {
    ...{ id: uuidv7(), userId, ...credential },
    name: name ?? defaultName(client),
    ...{ createdAt: now, lastUsedAt: null },
  };
}

function defaultName({ browser, os }: Client): string {
  return `Passkey (${browser} on ${os})`.slice(0, 100);
}
