import type { SignedInUser } from "@/server/auth/policy/credentials";

/** WebAuthn, Level 3, section 5.1.10: what a page tells the password managers of the browser. Each may be missing. */
interface Signals {
  signalUnknownCredential?: (options: { rpId: string; credentialId: string }) => Promise<void>;
  signalAllAcceptedCredentials?: (options: {
    rpId: string;
    userId: string;
    allAcceptedCredentialIds: string[];
  }) => Promise<void>;
  signalCurrentUserDetails?: (options: {
    rpId: string;
    userId: string;
    name: string;
    displayName: string;
  }) => Promise<void>;
}

/** No account has this passkey any more: password managers stop offering it. */
export async function signalUnknownPasskey(credentialId: string): Promise<void> {
  await send((signals, rpId) => signals.signalUnknownCredential?.({ rpId, credentialId }));
}

/** Password managers hide every other passkey of the account. */
export async function signalAcceptedPasskeys(user: SignedInUser, allAcceptedCredentialIds: string[]): Promise<void> {
  const userId = userHandle(user.id);
  await send((signals, rpId) => signals.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }));
}

/** Password managers show the current name and email with the passkeys of the account. */
export async function signalUserDetails({ id, email: name, fullName: displayName }: SignedInUser): Promise<void> {
  const userId = userHandle(id);
  await send((signals, rpId) => signals.signalCurrentUserDetails?.({ rpId, userId, name, displayName }));
}

/** Nothing depends on a signal: a browser refuses it while a request for a passkey is open. */
async function send(signal: (signals: Signals, rpId: string) => Promise<void> | undefined): Promise<void> {
  if (typeof PublicKeyCredential !== "function") return;
  await signal(PublicKeyCredential as unknown as Signals, location.hostname)?.catch(() => {});
}

/** As in the options of a registration: the bytes of the id, in base64url. */
function userHandle(userId: string): string {
  const bytes = userId.replaceAll("-", "").match(/../g) ?? [];
  const text = String.fromCharCode(...bytes.map((byte) => Number.parseInt(byte, 16)));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
