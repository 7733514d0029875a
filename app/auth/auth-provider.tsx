"use client";

import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { SignedIn, SignedInSession, SignedInUser } from "@/server/auth/policy/credentials";
import { safeNextPath } from "@/server/auth/policy/next-path";
import { LOGIN } from "@/server/auth/policy/routes";
import { authClient } from "./auth-client";
import { abortRequests, resumeRequests } from "./abortable-fetch";
import { describeFailure, type Failure } from "./failure";
import { clearLoginMarker, openSession } from "./open-session";
import { onTabMessage, postToTabs, type TabMessage } from "./tab-channel";
import type { RouterInputs } from "./trpc-client";
import { storePendingLogout } from "./pending-logout";

/** "done": the browser is already on its way to the next page, by a full load. */
export type AuthOutcome = { kind: "done" } | Failure;

export interface Auth {
  user: SignedInUser | null;
  session: SignedInSession | null;
  status: "signed-in" | "signed-out" | "working";
  login: (input: RouterInputs["auth"]["login"], options?: { next?: string }) => Promise<AuthOutcome>;
  register: (input: RouterInputs["auth"]["register"], options?: { next?: string }) => Promise<AuthOutcome>;
  logout: () => Promise<AuthOutcome>;
  /** Ends every session of this person, this one too. */
  logoutEverywhere: () => Promise<AuthOutcome>;
  /** Shows a changed profile at once. */
  replaceUser: (user: SignedInUser) => void;
}

const AuthContext = createContext<Auth | null>(null);

/** Knows who is signed in, as the server said when it rendered the page: no flash, no extra request, no timer. */
export function AuthProvider({ initial, children }: { initial: SignedIn | null; children: ReactNode }) {
  const [user, replaceUser] = useState(initial?.user ?? null);
  const [isWorking, setIsWorking] = useState(false);
  const session = initial?.session ?? null;
  useTabMessages(user?.id ?? null);
  useEffect(() => {
    if (session !== null) clearLoginMarker();
  }, [session]);
  useReloadFromPageCache();

  const changeAccount = useCallback(async (change: () => Promise<TabMessage>, next: string): Promise<AuthOutcome> => {
    setIsWorking(true);
    abortRequests();
    try {
      postToTabs(await change());
    } catch (error) {
      setIsWorking(false);
      resumeRequests();
      return describeFailure(error);
    }
    // A full load leaves nothing of the person before in memory, nor behind the Back button.
    location.replace(next);
    return { kind: "done" };
  }, []);

  const auth = useMemo<Auth>(
    () => ({
      user,
      session,
      status: isWorking ? "working" : user ? "signed-in" : "signed-out",
      login: (input, options) =>
        changeAccount(
          async () => signedInMessage(await openSession(() => authClient.auth.login.mutate(input))),
          safeNextPath(options?.next),
        ),
      register: (input, options) =>
        changeAccount(
          async () => signedInMessage(await openSession(() => authClient.auth.register.mutate(input))),
          safeNextPath(options?.next),
        ),
      logout: () => changeAccount(() => endSession(() => authClient.auth.logout.mutate()), LOGIN),
      logoutEverywhere: () => changeAccount(() => endSession(() => authClient.auth.logoutAll.mutate()), LOGIN),
      replaceUser,
    }),
    [user, session, isWorking, changeAccount],
  );
  return <AuthContext value={auth}>{children}</AuthContext>;
}

/** Who is signed in, and how to change that. Throws outside `<AuthProvider>`. */
export function useAuth(): Auth {
  const auth = useContext(AuthContext);
  if (auth === null) throw new Error("useAuth needs an <AuthProvider> above it");
  return auth;
}

function signedInMessage({ user }: SignedIn): TabMessage {
  return { kind: "signed-in", userId: user.id };
}

async function endSession(logout: () => Promise<unknown>): Promise<TabMessage> {
  try {
    await logout();
  } catch (error) {
    const { endToken } = describeFailure(error);
    if (endToken === undefined) throw error;
    // This browser is signed out already. The login page says what is still to be done, and repeats it.
    storePendingLogout(endToken);
  }
  return { kind: "signed-out" };
}

/** What happens to the account in one tab happens in all. */
function useTabMessages(userId: string | null): void {
  const shownUserId = useRef(userId);
  useEffect(() => {
    shownUserId.current = userId;
  }, [userId]);
  useEffect(
    () =>
      onTabMessage((message) => {
        if (message.kind === "signed-in" && message.userId === shownUserId.current) return;
        if (message.kind === "signed-out" && shownUserId.current === null) return;
        abortRequests();
        if (message.kind === "signed-in") location.reload();
        else location.replace(LOGIN);
      }),
    [],
  );
}

/** A page that the browser kept for Back may belong to somebody who has left: it comes back empty and loads anew. */
function useReloadFromPageCache(): void {
  useEffect(() => {
    const hide = () => {
      document.body.hidden = true;
    };
    const reloadIfCached = (event: PageTransitionEvent) => {
      if (event.persisted) location.reload();
    };
    addEventListener("pagehide", hide);
    addEventListener("pageshow", reloadIfCached);
    return () => {
      removeEventListener("pagehide", hide);
      removeEventListener("pageshow", reloadIfCached);
    };
  }, []);
}
