import "server-only";
import type { IncomingMessage } from "node:http";
import { readCookiePairs, writeCookiePairs } from "@/server/auth/client/cookie-header";
import type { EntryResponse } from "./response";

const HOST_PREFIX = "__Host-";

export interface CookieTranslator {
  /** Names that a request must not contain twice. */
  readonly guarded: ReadonlySet<string>;
  /**
   * Removes the cookies that the app must not read from the request, and renames the others to the names that the app uses.
   * Returns a function that renames the cookies of the response, to be called just before its headers are written, or null.
   */
  translateRequest(request: IncomingMessage): ((response: EntryResponse) => void) | null;
}

/**
 * Translates between the cookie names of the app and those in HTTP headers. On https only `__Host-` names are read, because a
 * sibling host can set the plain ones. On http, which is loopback only, all ports of a host share cookies: while another app uses
 * a plain name, this app uses names with its port as suffix, so that neither signs the other out.
 */
export function createCookieTranslator(appOrigin: string, sessionCookies: ReadonlySet<string>): CookieTranslator {
  const { protocol, hostname, port } = new URL(appOrigin);
  const isHttps = protocol === "https:";
  const ownNames = new Set([...sessionCookies].filter((name) => name.startsWith(HOST_PREFIX) === isHttps));
  const isOfOtherScheme = (name: string) => sessionCookies.has(name) && !ownNames.has(name);
  if (isHttps) return { guarded: ownNames, translateRequest: translateOnHttps };

  const portNames = new Map([...ownNames].map((name) => [name, `${name}_${port || "80"}`]));
  const plainNames = new Map([...portNames].map(([name, portName]) => [portName, name]));
  const isOfOtherPort = (name: string) => ownNames.has(name.replace(/_\d+$/, ""));
  const classifyToken = createIssuerClassifier(appOrigin, hostname);
  return { guarded: new Set([...sessionCookies, ...plainNames.keys()]), translateRequest: translateOnLoopback };

  function translateOnHttps(request: IncomingMessage): null {
    const pairs = readCookiePairs(request.headers.cookie ?? "");
    const readable = pairs.filter(([name]) => !isOfOtherScheme(name));
    setCookieHeader(request, readable);
    return null;
  }

  function translateOnLoopback(request: IncomingMessage): ((response: EntryResponse) => void) | null {
    const { cookie } = request.headers;
    if (cookie === undefined) return null;
    const unrelated: Pair[] = [];
    const plain: Pair[] = [];
    const withPort: Pair[] = [];
    let isShared = false;
    for (const pair of readCookiePairs(cookie)) {
      const [name, value] = pair;
      const plainName = plainNames.get(name);
      if (ownNames.has(name)) {
        plain.push(pair);
        isShared ||= classifyToken(value) === "another app";
      } else if (plainName !== undefined) {
        if (value !== "") withPort.push([plainName, value]);
      } else if (!isOfOtherScheme(name) && !isOfOtherPort(name)) unrelated.push(pair);
    }
    if (withPort.length === 0 && !isShared) {
      setCookieHeader(request, unrelated.concat(plain));
      return null;
    }
    // Set before another app used the other plain name: still valid, and replaced by a name with the port when it is set again.
    const inherited = new Map(plain.filter(([, value]) => classifyToken(value) === "this app"));
    setCookieHeader(request, [...unrelated, ...new Map([...inherited, ...withPort])]);
    return (response) => renameToPortNames(response, inherited);
  }

  function renameToPortNames(response: EntryResponse, inherited: ReadonlyMap<string, string>): void {
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

/** Classifies a token by its unverified issuer. The result only selects a cookie name; the app verifies the token. */
function createIssuerClassifier(appOrigin: string, hostname: string): (token: string) => TokenIssuer {
  // Our tokens begin with these claims. The last base64 characters are dropped because they depend on what follows.
  const claims = Buffer.from(JSON.stringify({ iss: appOrigin, aud: appOrigin })).toString("base64url");
  const prefix = claims.slice(0, claims.length - (claims.length % 4) - 4);
  return (token) => {
    const payloadAt = token.indexOf(".") + 1;
    if (payloadAt > 0 && token.startsWith(prefix, payloadAt)) return "this app";
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
