interface HeldToken {
  token: Promise<string>;
  /** A token that is still on its way is never due. */
  isDue: () => boolean;
}

/** A token is renewed this long before it expires, and a short-lived one half-way. */
const RENEW_BEFORE_EXPIRY_MS = 60_000;

/**
 * Keeps bearer tokens by audience, in the memory of this tab alone: a script that is injected later finds none in storage, cookies or
 * markup. Parallel calls share one request.
 */
export function createTokenHolder(request: (audience?: string) => Promise<string>) {
  const held = new Map<string | undefined, HeldToken>();

  function get(audience?: string): Promise<string> {
    const known = held.get(audience);
    if (known !== undefined && !known.isDue()) return known.token;
    const fresh: HeldToken = { token: request(audience), isDue: () => false };
    held.set(audience, fresh);
    fresh.token.then(
      (token) => (fresh.isDue = startClock(lifetimeMs(token))),
      () => held.get(audience) === fresh && held.delete(audience),
    );
    return fresh.token;
  }

  return { get, clear: () => held.clear() };
}

/** By the clock that advanced most: one stops in a suspended device, the other may be set. */
function startClock(lifetime: number): () => boolean {
  const [started, startedWall] = [performance.now(), Date.now()];
  const renewAfter = lifetime - Math.min(RENEW_BEFORE_EXPIRY_MS, lifetime / 2);
  return () => Math.max(performance.now() - started, Math.abs(Date.now() - startedWall)) >= renewAfter;
}

/** From the token itself, because this device's clock may differ from the server's. */
function lifetimeMs(token: string): number {
  const payload = token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
  const { iat, exp } = JSON.parse(atob(payload)) as { iat: number; exp: number };
  return (exp - iat) * 1000;
}
