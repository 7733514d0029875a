import "server-only";
import type { IncomingMessage } from "node:http";
import { readCookiePairs, writeCookiePairs } from "@/server/auth/client/cookie-header";
import type { EntryResponse } from "./response";

const HOST_PREFIX = "__Host-";

export interface CookieTranslator {
  /** Names that must not be sent twice. */
  readonly guarded: ReadonlySet<string>;
  /**
   * Removes from the request every cookie that the app must not read, and gives the others the names that the app knows.
   * Returns what renames the cookies of the response, just before its head is written; null if nothing is to be renamed.
   */
  translateRequest(request: IncomingMessage): ((response: EntryResponse) => void) | null;
}

/**
 * Translates between the names of `sessionCookies` and those on the wire. On https only `__Host-` names are read: a sibling host
 * can set the plain ones. Over http, which is loopback only, cookies are shared by all ports of a host: while another app on it
 * holds a plain name, this app uses names that end in its port, and neither signs the other out.
 */
export function createCookieTranslator(appOrigin: string, sessionCookies: ReadonlySet<string>): CookieTranslator {
  const { protocol, hostname, port } = new URL(appOrigin);
  const isHttps = protocol === "https:";
  const own = new Set([...sessionCookies].filter((name) => name.startsWith(HOST_PREFIX) === isHttps));
  const isOfOtherScheme = (name: string) => sessionCookies.has(name) && !own.has(name);
  if (isHttps) return { guarded: own, translateRequest: receiveOnHttps };

  const portNames = new Map([...own].map((name) => [name, `${name}_${port || "80"}`]));
  const plainNames = new Map([...portNames].map(([name, portName]) => [portName, name]));
  const isOfOtherPort = (name: string) => own.has(name.replace(/_\d+$/, ""));
  const holderOf = createIssuerClassifier(appOrigin, hostname);
  return { guarded: new Set([...sessionCookies, ...plainNames.keys()]), translateRequest: receiveOnLoopback };

  function receiveOnHttps(request: IncomingMessage): null {
    const pairs = readCookiePairs(request.headers.cookie ?? "");
    const read = pairs.filter(([name]) => !isOfOtherScheme(name));
    setCookieHeader(request, read);
    return null;
  }

  function receiveOnLoopback(request: IncomingMessage): ((response: EntryResponse) => void) | null {
    const { cookie } = request.headers;
    if (cookie === undefined) return null;
    const unrelated: Pair[] = [];
    const plain: Pair[] = [];
    const onPort: Pair[] = [];
    let isShared = false;
    for (const pair of readCookiePairs(cookie)) {
      const [name, value] = pair;
      const plainName = plainNames.get(name);
      if (own.has(name)) {
        plain.push(pair);
        isShared ||= holderOf(value) === "another app";
      } else if (plainName !== undefined) {
        if (value !== "") onPort.push([plainName, value]);
      } else if (!isOfOtherScheme(name) && !isOfOtherPort(name)) unrelated.push(pair);
    }
    if (onPort.length === 0 && !isShared) {
      setCookieHeader(request, unrelated.concat(plain));
      return null;
    }
    // Set before another app took the other plain name: still good, and replaced by a port name when it is set again.
    const inherited = new Map(plain.filter(([, value]) => holderOf(value) === "this app"));
    setCookieHeader(request, [...unrelated, ...new Map([...inherited, ...onPort])]);
    return (response) => usePortNames(response, inherited);
  }

  function usePortNames(response: EntryResponse, inherited: ReadonlyMap<string, string>): void {
    const header = response.getHeader("Set-Cookie");
    if (header === undefined) return;
    const renamed = (Array.isArray(header) ? header : [String(header)]).flatMap((line) => {
      const name = line.split("=", 1)[0]!;
      const portName = portNames.get(name);
      if (portName === undefined) return [line];
      const cleared = inherited.has(name) ? [`${name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`] : [];
      return [portName + line.slice(name.length), ...cleared];
    });
    response.replaceCookies(renamed);
  }
}

type Pair = readonly [name: string, value: string];

function setCookieHeader(request: IncomingMessage, pairs: readonly Pair[]): void {
  if (pairs.length === 0) delete request.headers.cookie;
  else request.headers.cookie = writeCookiePairs(pairs);
}

type TokenIssuer = "this app" | "another app" | "unknown";

/** Which app set a token, by its issuer, unverified: that only chooses a name. Whether it is good is decided behind the entry. */
function createIssuerClassifier(appOrigin: string, hostname: string): (token: string) => TokenIssuer {
  // Our tokens begin with these claims. Of the base64 the last characters are cut off: they depend on what follows.
  const claims = Buffer.from(JSON.stringify({ iss: appOrigin, aud: appOrigin })).toString("base64url");
  const beginning = claims.slice(0, claims.length - (claims.length % 4) - 4);
  return (token) => {
    const payloadAt = token.indexOf(".") + 1;
    if (payloadAt > 0 && token.startsWith(beginning, payloadAt)) return "this app";
    const issuer = issuerOf(token);
    if (issuer === appOrigin) return "this app";
    return issuer !== null && URL.canParse(issuer) && new URL(issuer).hostname === hostname ? "another app" : "unknown";
  };
}

function issuerOf(token: string): string | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const issuer = typeof claims === "object" && claims !== null && "iss" in claims ? claims.iss : null;
    return typeof issuer === "string" ? issuer : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
