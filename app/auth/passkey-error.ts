/** Browsers hide most causes behind NotAllowedError, so that sites cannot probe for passkeys. */
export function describePasskeyError(ceremony: "use" | "create", errorName: string): string {
  const [done, retry] =
    ceremony === "use"
      ? ["No passkey was used", "Try again, or use another way."]
      : ["No passkey was created", "Try again."];
  switch (errorName) {
    case "NotAllowedError":
      return ceremony === "use"
        ? `${done}: you cancelled, the time ran out, or this device has no passkey for this site. ${retry}`
        : `${done}: you cancelled, the time ran out, or this device could not confirm that it is you. ${retry}`;
    case "AbortError":
      return `${done}, because another request took its place. ${retry}`;
    case "OperationError":
      return `${done}, because your browser is still asking for one, perhaps in another tab. Finish or cancel that first.`;
    case "InvalidStateError":
      return ceremony === "create"
        ? "This device or password manager already has a passkey for your account. You can use it to sign in."
        : `${done}: your device or password manager refused it. ${retry}`;
    case "ConstraintError":
      return `${done}, because this device cannot confirm that it is you. Set up a screen lock, a PIN or a fingerprint first, or use another device.`;
    case "NotSupportedError":
      return `${done}, because this device or security key does not support the kind that this site uses. Use another device.`;
    case "SecurityError":
      return `${done}, because passkeys of this site do not work at the address ${globalThis.location?.host}. Open the site at its own address.`;
    default:
      return `${done}: your device or password manager reported an error. ${retry}`;
  }
}
