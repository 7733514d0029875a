import { randomBytes } from "node:crypto";
import type { Instance } from "./instance";
import type { Intent, TokenWish } from "./commands";
import { instantAt, type Ledger } from "./token-registry";
import { PLACES, SECONDS, type Model, type Place } from "./model";
import type { AccessFacts, Operation, RefreshFacts } from "./operations";
import { PASSWORDS } from "./perform";

/** Operations only: time and repetition are the runner's. */
export type Wished = Exclude<Intent, { wish: "wait" | "go on refreshing" }>;

/** What an intent means now, given what has been seen so far. It always means something. */
export async function resolve(
  intent: Wished,
  { instance, ledger, model, at }: { instance: Instance; ledger: Ledger; model: Model; at: number },
): Promise<Operation> {
  const somewhere = (home: Place): Place => PLACES[(PLACES.indexOf(home) + intent.away) % PLACES.length]!;
  const where = { instance: intent.instance, at };
  const userOf = (number: number) => ["ada", "bob"][number]!;
  const called = (caller: number) => {
    const access = accessOf(ledger, caller, model);
    return { access, place: somewhere(access.place) };
  };
  const passwordOf = (user: string, isOld: boolean) => {
    const { password } = model.users[user]!;
    return isOld ? (password + PASSWORDS.length - 1) % PASSWORDS.length : password;
  };

  switch (intent.wish) {
    case "refresh": {
      const token = await tokenOf(instance, ledger, intent.token, at);
      const home = ledger.accessTokens.find(({ session }) => session === token.session)?.place ?? "home";
      return { ...where, kind: "refresh", token, place: somewhere(home) };
    }
    case "login": {
      const user = userOf(intent.user);
      const presented = intent.presented && (await tokenOf(instance, ledger, intent.presented, at));
      const password = passwordOf(user, intent.isPasswordOld);
      return {
        ...where,
        kind: "login",
        user,
        password,
        remember: intent.remember,
        presented,
        place: somewhere("home"),
      };
    }
    case "logout": {
      const presented = intent.presented && (await tokenOf(instance, ledger, intent.presented, at));
      const access = intent.caller === null ? null : accessOf(ledger, intent.caller, model);
      return { ...where, kind: "logout", presented, access, place: somewhere(access?.place ?? "home") };
    }
    case "log out everywhere":
    case "log others out":
    case "visit":
      return { ...where, kind: intent.wish, ...called(intent.caller) };
    case "revoke":
      return { ...where, kind: "revoke", target: sessionOf(ledger, intent.target), ...called(intent.caller) };
    case "change password": {
      const caller = called(intent.caller);
      const { user } = model.sessions[caller.access.session]!;
      const to = (model.users[user]!.password + 1) % PASSWORDS.length;
      return { ...where, kind: "change password", from: passwordOf(user, intent.isPasswordOld), to, ...caller };
    }
    case "read the feed":
      return { ...where, kind: "read the feed" };
    case "purge":
      return { ...where, kind: "purge", olderThan: intent.olderThan, isAlone: false };
    case "disable":
    case "enable":
      return { ...where, kind: intent.wish, user: userOf(intent.user) };
    case "change role": {
      const user = userOf(intent.user);
      const role = model.users[user]!.role === "user" ? "admin" : "user";
      return { ...where, kind: "change role", user, role };
    }
  }
}

function sessionOf({ sessionNames }: Ledger, number: number): string {
  return sessionNames[number % sessionNames.length]!;
}

/** The newest access token of a session that was there before this began. */
function accessOf({ accessTokens }: Ledger, caller: number, { sessions }: Model): AccessFacts {
  const known = accessTokens.filter(({ session }) => session in sessions);
  const names = [...new Set(known.map(({ session }) => session))];
  return known.findLast(({ session }) => session === names[caller % names.length])!;
}

async function tokenOf(instance: Instance, ledger: Ledger, wish: TokenWish, at: number): Promise<RefreshFacts> {
  const session = sessionOf(ledger, wish.whose);
  const known = ledger.refreshTokens.filter((token) => token.session === session);
  if (wish.which === "made up") {
    const issued = { sessionId: ledger.idOf(session), generation: 1, nonce: randomBytes(16).toString("base64url") };
    const instants = { issuedAt: instantAt(at), expiresAt: instantAt(at + SECONDS.idle) };
    const text = await instance.mintRefreshToken({ ...issued, ...instants });
    return { name: `${session} made up`, session, expiresAt: at + SECONDS.idle, text };
  }
  if (wish.which === "forged") {
    const { name, expiresAt, text } = known.at(-1)!;
    const at = text.lastIndexOf(".") + 1;
    const forged = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    return { name: `${name} forged`, session, expiresAt, text: forged, isForged: true };
  }
  return known.at(-1 - Math.min(wish.which, known.length - 1))!;
}
