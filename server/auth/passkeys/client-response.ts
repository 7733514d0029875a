import "server-only";
import type { AuthenticatorTransportFuture } from "@simplewebauthn/server";
import { z } from "zod";

/** Far above what authenticators send without an attestation: an RSA key of 4,096 bits and the longest id have 1.6 kB. */
const MAX_LENGTH = 8192;
const MAX_CREDENTIAL_ID_LENGTH = 1364;

const base64url = z
  .string()
  .max(MAX_LENGTH)
  .regex(/^[\w-]*$/);
const credentialId = z
  .string()
  .max(MAX_CREDENTIAL_ID_LENGTH)
  .regex(/^[\w-]+$/);

const TRANSPORTS = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"] as const;

/** The JSON forms of WebAuthn, Level 3, section 5.1. Fields that the verification does not use are dropped. */
const credential = { id: credentialId, rawId: credentialId, type: z.literal("public-key") };

const registrationSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    // Browsers may report new ones: a hint for later dialogs, which are dropped if unknown.
    transports: z.array(z.string()).max(32).default([]).transform(knownTransports),
  }),
});

const assertionSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    // The library takes an absent one only; browsers send null for none.
    userHandle: base64url.nullish().transform((handle) => handle ?? undefined),
  }),
});

export type RegistrationResponse = z.output<typeof registrationSchema>;
export type AssertionResponse = z.output<typeof assertionSchema>;

/** What the browser states about the page that asked. The authenticator signs it. */
const clientDataSchema = z.object({
  // 16 bytes.
  challenge: z.string().regex(/^[\w-]{22}$/),
  origin: z.string(),
  // A page of another site that shows ours in a frame, which our pages forbid.
  crossOrigin: z.literal(false).optional(),
});

export type ClientData = z.output<typeof clientDataSchema>;

/** Null for anything that is not a response, or too large for one. */
export function readRegistration(sent: unknown): (RegistrationResponse & { clientData: ClientData }) | null {
  return withClientData(registrationSchema.safeParse(sent).data);
}

/** Null for anything that is not a response, or too large for one. */
export function readAssertion(sent: unknown): (AssertionResponse & { clientData: ClientData }) | null {
  return withClientData(assertionSchema.safeParse(sent).data);
}

function withClientData<Sent extends { response: { clientDataJSON: string } }>(
  sent: Sent | undefined,
): (Sent & { clientData: ClientData }) | null {
  if (sent === undefined) return null;
  const clientData = clientDataSchema.safeParse(parseJson(sent.response.clientDataJSON)).data;
  return clientData === undefined ? null : { ...sent, clientData };
}

function parseJson(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, "base64url").toString());
  } catch {
    return undefined;
  }
}

function knownTransports(sent: string[]): AuthenticatorTransportFuture[] {
  return TRANSPORTS.filter((transport) => sent.includes(transport));
}
