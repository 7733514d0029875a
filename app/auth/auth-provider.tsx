"use client";

import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { SignedIn, SignedInSession, SignedInUser } from "@/server/auth/policy/credentials";
import { safeNextPath, withNext } from "@/server/auth/policy/next-path";
import { LOGIN, SECOND_FACTOR } from "@/server/auth/policy/routes";
import { authClient } from "./auth-client";
import { abortRequests, resumeRequests } from "./abortable-fetch";
import { describeFailure, type Failure } from "./failure";
import { clearLoginMarker, openSession } from "./open-session";
import { onTabMessage, postToTabs, type TabMessage } from "./tab-channel";
import type { RouterInputs, RouterOutputs } from "./trpc-client";
import { storePendingLogout } from "./pending-logout";

/** "done": the browser is already loading the next page. */
export type AuthOutcome = { kind: "done" } | Failure;

export interface Auth {
  user: SignedInUser | null;
  session: SignedInSession | null;
  status: "signed-in" | "signed-out" | "working";
  /** Loads `next`, or the page of the second step if the account has a second factor. */
  login: (input: RouterInputs["auth"]["login"], options?: { next?: string }) => Promise<AuthOutcome>;
  /** The second step of a login. */
  finishLogin: (input: RouterInputs["auth"]["secondFactor"], options?: FinishOptions) => Promise<AuthOutcome>;
  /** `input`: a response to `auth.beginPasskeyLogin`. A passkey counts as both factors. */
  loginWithPasskey: (
    input: RouterInputs["auth"]["finishPasskeyLogin"],
    options?: { next?: string },
  ) => Promise<AuthOutcome>;
  register: (input: RouterInputs["auth"]["register"], options?: { next?: string }) => Promise<AuthOutcome>;
  /** `create`: asks the user for a new passkey, with which the account is created. */
  registerWithPasskey: (
    create: () => Promise<RouterInputs["auth"]["finishPasskeyRegistration"]>,
    options?: FinishOptions,
  ) => Promise<AuthOutcome>;
  logout: () => Promise<AuthOutcome>;
  /** Ends every session of the user, including this one. */
  logoutEverywhere: () => Promise<AuthOutcome>;
  /** After a call that has ended the session on the server: tells all tabs, and loads `next`. */
  leave: (next: string) => void;
  /**
   * A bearer token of this session, for this app's API or for another service that the configuration names. Send it without cookies
   * (`credentials: "omit"`). It is kept in memory only and renewed before it expires. Rejects if the session has ended.
   */
  getAccessToken: (audience?: string) => Promise<string>;
  /** Updates the displayed profile without a reload. */
  replaceUser: (user: SignedInUser) => void;
}

export interface FinishOptions {
  next?: string;
  /** Called with new recovery codes, if there are some. `next` is loaded after it. */
  saveCodes?: (codes: string[], user: SignedInUser) => Promise<void>;
}

type LoginResponse = RouterOutputs["auth"]["login"] & { recoveryCodes?: string[] };

const AuthContext = createContext<Auth | null>(null);

/** Provides the user and session that the server rendered, without another request. */
export function AuthProvider({ initial, children }: { initial: SignedIn | null; children: ReactNode }) {
  const [user, replaceUser] = useState(initial?.user ?? null);
  const [isWorking, setIsWorking] = useState(false);
  const session = initial?.session ?? null;
  useTabMessages(user?.id ?? null);
  useEffect(() => {
    if (session !== null) clearLoginMarker();
  }, [session]);
  useReloadFromPageCache();

  /** Null from `change`: no account has changed yet. `next` is evaluated after it. */
  const changeAccount = useCallback(
    async (change: () => Promise<TabMessage | null>, next: () => string | Promise<string>): Promise<AuthOutcome> => {
      setIsWorking(true);
      abortRequests();
      try {
        const message = await change();
        if (message !== null) postToTabs(message);
      } catch (error) {
        setIsWorking(false);
        resumeRequests();
        return describeFailure(error);
      }
      // A full load clears the previous user's data from memory and from the router cache.
      location.replace(await next());
      return { kind: "done" };
    },
    [],
  );

  const signIn = useCallback(
    (send: () => Promise<LoginResponse>, { next, saveCodes }: FinishOptions = {}) => {
      let destination = safeNextPath(next);
      let isSaved: Promise<void> | undefined;
      const change = async () => {
        const response = await openSession(send);
        if (response.status === "signed-in") {
          if (response.recoveryCodes) isSaved = saveCodes?.(response.recoveryCodes, response.user);
          return signedInMessage(response);
        }
        destination = withNext(SECOND_FACTOR, destination);
        return null;
      };
      return changeAccount(change, async () => {
        await isSaved;
        return destination;
      });
    },
    [changeAccount],
  );

  const auth = useMemo<Auth>(
    () => ({
      user,
      session,
      status: isWorking ? "working" : user ? "signed-in" : "signed-out",
      login: (input, options) => signIn(() => authClient.auth.login.mutate(input), options),
      finishLogin: (input, options) => signIn(() => authClient.auth.secondFactor.mutate(input), options),
      loginWithPasskey: (input, options) => signIn(() => authClient.auth.finishPasskeyLogin.mutate(input), options),
      register: (input, options) =>
        changeAccount(
          async () => signedInMessage(await openSession(() => authClient.auth.register.mutate(input))),
          () => safeNextPath(options?.next),
        ),
      registerWithPasskey: (create, options) =>
        signIn(async () => authClient.auth.finishPasskeyRegistration.mutate(await create()), options),
      logout: () =>
        changeAccount(
          () => endSession(() => authClient.auth.logout.mutate()),
          () => LOGIN,
        ),
      logoutEverywhere: () =>
        changeAccount(
          () => endSession(() => authClient.auth.logoutAll.mutate()),
          () => LOGIN,
        ),
      leave: (next) => {
        abortRequests();
        postToTabs({ kind: "signed-out" });
        location.replace(next);
      },
      // Loaded when first needed: most pages request no token.
      getAccessToken: async (audience) => (await import("./bearer-tokens")).getAccessToken(audience),
      replaceUser,
    }),
    [user, session, isWorking, changeAccount, signIn],
  );
  return <AuthContext value={auth}>{children}</AuthContext>;
}

/** User, session and the actions that change them. Throws outside `<AuthProvider>`. */
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
    // The cookies are cleared, the session has not ended yet. The login page retries the logout and shows its state.
    storePendingLogout(endToken);
  }
  return { kind: "signed-out" };
}

/** Applies a login or logout in one tab to all tabs. */
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

/** A page from the back/forward cache may show the data of a signed-out user: hide it on leaving, reload it on return. */
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
