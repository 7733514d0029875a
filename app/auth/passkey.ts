import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/browser";
import { PasskeyFailed } from "./failure";
import { describePasskeyError } from "./passkey-error";

/** Where it is false, the page was loaded over http or the browser is old. */
export function supportsPasskeys(): boolean {
  return typeof PublicKeyCredential === "function";
}

/** Whether the browser suggests passkeys in a field. */
export async function supportsPasskeyAutofill(): Promise<boolean> {
  return supportsPasskeys() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true;
}

/** Asks the user for a passkey; ends an earlier request of this page. Throws `PasskeyFailed`. */
export async function askForPasskey(
  optionsJSON: PublicKeyCredentialRequestOptionsJSON,
): Promise<AuthenticationResponseJSON> {
  const { startAuthentication } = await loadCeremonies();
  return startAuthentication({ optionsJSON }).catch(failAs("use"));
}

/** Suggests passkeys in the field with `autocomplete="… webauthn"`. Resolves when the user has chosen one. Throws `PasskeyFailed`. */
export async function suggestPasskeys(
  optionsJSON: PublicKeyCredentialRequestOptionsJSON,
): Promise<AuthenticationResponseJSON> {
  const { startAuthentication } = await loadCeremonies();
  return startAuthentication({ optionsJSON, useBrowserAutofill: true }).catch(failAs("use"));
}

/** Never throws: where the library cannot be loaded because the page is being left, no request is open. */
export async function stopSuggestingPasskeys(): Promise<void> {
  const ceremonies = await loadCeremonies().catch(() => null);
  ceremonies?.WebAuthnAbortService.cancelCeremony();
}

/** Asks the user to create a passkey. Throws `PasskeyFailed`. */
export async function createPasskey(
  optionsJSON: PublicKeyCredentialCreationOptionsJSON,
): Promise<RegistrationResponseJSON> {
  const { startRegistration } = await loadCeremonies();
  return startRegistration({ optionsJSON }).catch(failAs("create"));
}

/** Loaded with the first ceremony: most visits need none. */
const loadCeremonies = () => import("@simplewebauthn/browser");

function failAs(ceremony: "use" | "create") {
  return (error: unknown): never => {
    throw new PasskeyFailed(describePasskeyError(ceremony, error instanceof Error ? error.name : ""));
  };
}
