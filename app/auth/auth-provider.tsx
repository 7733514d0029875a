"use client";

import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { SignedIn, SignedInSession, SignedInUser } from "@/server/auth/policy/credentials";
import { safeNextPath } from "@/server/auth/policy/next-path";
import { LOGIN } from "@/server/auth/policy/routes";
import { authCalls } from "./auth-client";
import { abortCalls, resumeCalls } from "./abortable-fetch";
import { describeFailure, type Failure } from "./failure";
import { forgetOpening, openSession } from "./open-session";
import { listenToTabs, tellTabs, type TabNews } from "./tab-channel";
import type { RouterInputs } from "./trpc-client";
import { rememberUnfinishedLogout } from "./pending-logout";

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
  useTabs(user?.id ?? null);
  useEffect(() => {
    if (session !== null) forgetOpening();
  }, [session]);
  usePageCache();

  const changeAccount = useCallback(async (change: () => Promise<TabNews>, next: string): Promise<AuthOutcome> => {
    setIsWorking(true);
    abortCalls();
    try {
      tellTabs(await change());
    } catch (error) {
      setIsWorking(false);
      resumeCalls();
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
          async () => signedIn(await openSession(() => authCalls.auth.login.mutate(input))),
          safeNextPath(options?.next),
        ),
      register: (input, options) =>
        changeAccount(
          async () => signedIn(await openSession(() => authCalls.auth.register.mutate(input))),
          safeNextPath(options?.next),
        ),
      logout: () => changeAccount(() => signOut(() => authCalls.auth.logout.mutate()), LOGIN),
      logoutEverywhere: () => changeAccount(() => signOut(() => authCalls.auth.logoutAll.mutate()), LOGIN),
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

function signedIn({ user }: SignedIn): TabNews {
  return { kind: "signed-in", userId: user.id };
}

async function signOut(end: () => Promise<unknown>): Promise<TabNews> {
  try {
    await end();
  } catch (error) {
    const { endToken } = describeFailure(error);
    if (endToken === undefined) throw error;
    // This browser is signed out already. The login page says what is still to be done, and repeats it.
    rememberUnfinishedLogout(endToken);
  }
  return { kind: "signed-out" };
}

/** What happens to the account in one tab happens in all. */
function useTabs(userId: string | null): void {
  const shownUserId = useRef(userId);
  useEffect(() => {
    shownUserId.current = userId;
  }, [userId]);
  useEffect(
    () =>
      listenToTabs((news) => {
        if (news.kind === "signed-in" && news.userId === shownUserId.current) return;
        if (news.kind === "signed-out" && shownUserId.current === null) return;
        abortCalls();
        if (news.kind === "signed-in") location.reload();
        else location.replace(LOGIN);
      }),
    [],
  );
}

/** A page that the browser kept for Back may belong to somebody who has left: it comes back empty and loads anew. */
function usePageCache(): void {
  useEffect(() => {
    const hide = () => {
      document.body.hidden = true;
    };
    const reloadIfKept = (event: PageTransitionEvent) => {
      if (event.persisted) location.reload();
    };
    addEventListener("pagehide", hide);
    addEventListener("pageshow", reloadIfKept);
    return () => {
      removeEventListener("pagehide", hide);
      removeEventListener("pageshow", reloadIfKept);
    };
  }, []);
}
