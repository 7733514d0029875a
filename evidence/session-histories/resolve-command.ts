import { randomBytes, randomUUID } from "node:crypto";
import type { Instance } from "./instance";
import type { Command, TokenSelector } from "./commands";
import { instantAt, type TokenRegistry } from "./token-registry";
import { PLACES, SECONDS, type Model, type Place } from "./model";
import type { AccessFacts, Operation, RefreshFacts } from "./operations";
import { PASSWORDS } from "./execute-operation";

/** Commands that are one operation; `runCommand` handles waiting and repetition. */
export type ResolvableCommand = Exclude<Command, { kind: "wait" | "refresh repeatedly" }>;

/** Resolves the indexes of a command against the tokens seen so far. Every command can be resolved. */
export async function resolveCommand(
  command: ResolvableCommand,
  { instance, registry, model, at }: { instance: Instance; registry: TokenRegistry; model: Model; at: number },
): Promise<Operation> {
  const placeFrom = (home: Place): Place => PLACES[(PLACES.indexOf(home) + command.placeOffset) % PLACES.length]!;
  const base = { instance: command.instance, at };
  const userOf = (number: number) => ["ada", "bob"][number]!;
  const callerFor = (caller: number) => {
    const access = accessOf(registry, caller, model);
    return { access, place: placeFrom(access.place) };
  };
  const passwordOf = (user: string, isOld: boolean) => {
    const { password } = model.users[user]!;
    return isOld ? (password + PASSWORDS.length - 1) % PASSWORDS.length : password;
  };

  switch (command.kind) {
    case "refresh": {
      const token = await tokenOf(instance, registry, command.token, at);
      const home = registry.accessTokens.find(({ session }) => session === token.session)?.place ?? "home";
      return { ...base, kind: "refresh", token, place: placeFrom(home) };
    }
    case "login": {
      const user = userOf(command.user);
      const presented = command.presented && (await tokenOf(instance, registry, command.presented, at));
      const password = passwordOf(user, command.isPasswordOld);
      return {
        ...base,
        kind: "login",
        user,
        email: model.users[user]!.email,
        password,
        remember: command.remember,
        presented,
        place: placeFrom("home"),
      };
    }
    case "logout": {
      const presented = command.presented && (await tokenOf(instance, registry, command.presented, at));
      const access = command.caller === null ? null : accessOf(registry, command.caller, model);
      return { ...base, kind: "logout", presented, access, place: placeFrom(access?.place ?? "home") };
    }
    case "log out everywhere":
    case "log others out":
    case "authenticate":
      return { ...base, kind: command.kind, ...callerFor(command.caller) };
    case "revoke":
      return { ...base, kind: "revoke", target: sessionOf(registry, command.target), ...callerFor(command.caller) };
    case "change password": {
      const caller = callerFor(command.caller);
      const { user } = model.sessions[caller.access.session]!;
      const to = (model.users[user]!.password + 1) % PASSWORDS.length;
      return { ...base, kind: "change password", from: passwordOf(user, command.isPasswordOld), to, ...caller };
    }
    case "request reset":
      return { ...base, kind: "request reset", email: model.users[userOf(command.user)]!.email };
    case "request address change":
      return { ...base, kind: command.kind, email: `${randomUUID()}@example.test`, ...callerFor(command.caller) };
    case "send notice": {
      const user = userOf(command.user);
      return { ...base, kind: "send notice", user, email: model.users[user]!.email };
    }
    case "confirm": {
      const link = registry.links.at(-1 - (command.nth % Math.max(1, registry.links.length))) ?? null;
      const password = link === null ? 0 : (model.users[link.user]!.password + 1) % PASSWORDS.length;
      return { ...base, kind: "confirm", link, password };
    }
    case "read the feed":
      return { ...base, kind: "read the feed" };
    case "purge":
      return { ...base, kind: "purge", olderThan: command.olderThan, hasNoConcurrency: false };
    case "disable":
    case "enable":
      return { ...base, kind: command.kind, user: userOf(command.user) };
    case "change role": {
      const user = userOf(command.user);
      const role = model.users[user]!.role === "user" ? "admin" : "user";
      return { ...base, kind: "change role", user, role };
    }
  }
}

function sessionOf({ sessionNames }: TokenRegistry, number: number): string {
  return sessionNames[number % sessionNames.length]!;
}

/** The newest access token of a session that the model already contains. */
function accessOf({ accessTokens }: TokenRegistry, caller: number, { sessions }: Model): AccessFacts {
  const known = accessTokens.filter(({ session }) => session in sessions);
  const names = [...new Set(known.map(({ session }) => session))];
  return known.findLast(({ session }) => session === names[caller % names.length])!;
}

async function tokenOf(
  instance: Instance,
  registry: TokenRegistry,
  selector: TokenSelector,
  at: number,
): Promise<RefreshFacts> {
  const session = sessionOf(registry, selector.sessionIndex);
  const known = registry.refreshTokens.filter((token) => token.session === session);
  if (selector.nth === "unissued") {
    const nonce = randomBytes(16).toString("base64url");
    const issued = { sessionId: registry.idOf(session), generation: 1, nonce, previousNonce: null };
    const instants = { issuedAt: instantAt(at), expiresAt: instantAt(at + SECONDS.idle) };
    const text = await instance.mintRefreshToken({ ...issued, ...instants });
    return { name: `${session} unissued`, session, issuedAt: at, expiresAt: at + SECONDS.idle, text };
  }
  if (selector.nth === "forged") {
    const { name, issuedAt, expiresAt, text } = known.at(-1)!;
    const at = text.lastIndexOf(".") + 1;
    const forged = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    return { name: `${name} forged`, session, issuedAt, expiresAt, text: forged, isForged: true };
  }
  return known.at(-1 - Math.min(selector.nth, known.length - 1))!;
}
