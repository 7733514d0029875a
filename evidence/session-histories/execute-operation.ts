import { decodeJwt } from "jose";
import type { NewMail } from "@/db/tables/outgoing-mails";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { CLIENTS, type Instance } from "./instance";
import { instantAt, secondsOf, type TokenRegistry } from "./token-registry";
import type { Place } from "./model";
import type { Operation, Outcome } from "./operations";
import { changeUser } from "./database-state";

/** Strong passwords that no list contains; the model refers to them by index. */
export const PASSWORDS = ["brindle-lantern-47-orbit", "quarry.mustang.tilt.908", "vexed_harbour_plum_3312"];

export interface Users {
  [name: string]: { id: string; email: string };
}

/** The outcome of an operation and the returned object, which concurrent calls may share. */
export interface Result {
  raw: unknown;
  outcome: () => Outcome;
}

/** Executes the operation with the product's code. `outcome` names new tokens and must be called when the response arrives. */
export async function executeOperation(
  instance: Instance,
  users: Users,
  registry: TokenRegistry,
  operation: Operation,
): Promise<Result> {
  const { db } = instance;
  const now = instantAt(operation.at);
  const client = CLIENTS["place" in operation ? operation.place : "home"];

  const issued = ({ cookies: [access, refresh] }: IssuedTokens) => {
    const { role, exp } = decodeJwt<{ role: string }>(access!.value);
    const { session } = registry.recordAccessToken(access!.value, (operation as { place: Place }).place);
    const token = refresh ? registry.recordRefreshToken(refresh.value).name : null;
    return { session, role, accessExpiresAt: secondsOf(exp!), token, cookieSeconds: refresh?.maxAgeSeconds ?? null };
  };
  const asCaller = async (work: (caller: ReturnType<Instance["callerOf"]>) => Promise<Outcome>) => {
    const { access } = operation as Extract<Operation, { kind: "authenticate" }>;
    const usable = await instance.authenticateAccessToken(db, access.text, client, now);
    return result(usable === null ? refused("SIGNED_OUT") : await work(instance.callerOf(usable)));
  };

  // Without the limits of requests, which histories would exceed.
  const mailWith = (
    kind: "reset-password" | "change-email" | "password-changed",
    { userId, purpose, email }: { userId: string | null; purpose: string; email: string },
  ) => {
    const occasion = instance.occasionOf(client, now);
    const link = { purpose, email, askedBySessionId: null };
    return instance.newMail({ kind, oldEmail: email, occasion }, { userId, recipient: email, link }, now)!;
  };
  const compose = async ({ id }: NewMail) => {
    const mail = await db.selectFrom("outgoingMails").selectAll().where("id", "=", id).executeTakeFirst();
    if (mail !== undefined) await instance.composeMail(db, mail, now);
  };
  const sendMail = async (...given: Parameters<typeof mailWith>) => {
    const mail = mailWith(...given);
    await instance.insertMail(db, mail);
    await compose(mail);
    return result({ kind: "done" });
  };

  switch (operation.kind) {
    case "refresh": {
      const raw = await instance.refresh(db, operation.token.text, client, now);
      if (raw.kind !== "refreshed") return { raw, outcome: () => raw };
      return { raw, outcome: () => ({ kind: raw.kind, verdict: raw.verdict, ...issued(raw) }) };
    }
    case "login": {
      const { email, password, remember, presented } = operation;
      const input = { email, password: PASSWORDS[password]!, remember };
      const raw = await instance.login(db, input, client, presented?.text ?? null, now);
      if (raw.kind !== "signed-in") throw new Error("A login of an account without a second factor asks for one.");
      return { raw, outcome: () => ({ kind: "signed in", ...issued(raw) }) };
    }
    case "logout": {
      const { presented, access } = operation;
      const cookies = {
        refreshToken: presented?.text ?? null,
        accessToken: access?.text ?? null,
        challengeToken: null,
        hasAccessCookie: true,
      };
      await instance.logout(db, cookies, client, now);
      return result({ kind: "done" });
    }
    case "authenticate": {
      const usable = await instance.authenticateAccessToken(db, operation.access.text, client, now);
      return result({ kind: usable === null ? "rejected" : "accepted" });
    }
    case "log out everywhere":
      return asCaller((caller) => instance.logoutEverywhere(db, caller, now).then(() => ({ kind: "done" })));
    case "log others out":
      return asCaller(async (caller) => ({ kind: "done", count: await instance.logoutOthers(db, caller, now) }));
    case "revoke":
      return asCaller(async (caller) => {
        const isOwn = await instance.endOwnSession(db, caller, registry.idOf(operation.target), now);
        return isOwn ? { kind: "done" } : refused("NOT_FOUND");
      });
    case "change password": {
      const usable = await instance.authenticateAccessToken(db, operation.access.text, client, now);
      if (usable === null) return result(refused("SIGNED_OUT"));
      const passwords = { currentPassword: PASSWORDS[operation.from]!, newPassword: PASSWORDS[operation.to]! };
      const raw = await instance.changePassword(db, instance.callerOf(usable), passwords, client, now);
      return { raw, outcome: () => ({ kind: "signed in", ...issued(raw) }) };
    }
    case "request reset":
    case "send notice": {
      const isReset = operation.kind === "request reset";
      const userId = isReset ? null : users[operation.user]!.id;
      const purpose = isReset ? "reset-password" : "not-me";
      return sendMail(isReset ? "reset-password" : "password-changed", { userId, purpose, email: operation.email });
    }
    case "request address change":
      return asCaller(async (caller) => {
        const { email } = operation;
        const ids = { userId: caller.user.id, sessionId: caller.session.id };
        const mail = mailWith("change-email", { userId: ids.userId, purpose: "change-email", email });
        if (!(await instance.queueEmailChange(db, ids, { email, mails: [mail], now }))) return refused("SESSION_ENDED");
        await compose(mail);
        return { kind: "done" };
      });
    case "confirm": {
      const { link, password } = operation;
      const input =
        link === null
          ? { token: "A".repeat(64) }
          : link.purpose === "reset-password"
            ? { token: link.token, newPassword: PASSWORDS[password]! }
            : { email: { email: link.email, legacyEmail: link.email }, code: link.code };
      const cookies = { accessToken: null, refreshToken: null, challengeToken: null, hasAccessCookie: false };
      await instance.performConfirmation(db, input, cookies, client, now);
      return result({ kind: "done" });
    }
    case "read the feed":
      await instance.readRevocations(db);
      return result({ kind: "done" });
    case "purge":
      return result({
        kind: "done",
        count: await instance.purgeEnded(db, now, { olderThanSeconds: operation.olderThan }),
      });
    case "disable":
    case "enable":
      await changeUser(db, users[operation.user]!.id, { disabledAt: operation.kind === "disable" ? now : null });
      return result({ kind: "done" });
    case "change role":
      await changeUser(db, users[operation.user]!.id, { role: operation.role });
      return result({ kind: "done" });
  }
}

function refused(reason: string): Outcome {
  return { kind: "refused", reason };
}

function result(outcome: Outcome): Result {
  return { raw: outcome, outcome: () => outcome };
}
