/**
 * Whether a passkey may have been copied (WebAuthn, Level 3, section 6.1.1): each use increments the counter. Zero twice means that
 * the authenticator counts nothing, as those whose passkeys are synchronized.
 */
export function hasCounterGoneBack(previous: number, presented: number): boolean {
  return (previous > 0 || presented > 0) && presented <= previous;
}
