import "server-only";
import { authRouter } from "@/server/auth/router";
import { nothing } from "@/server/auth/inputs";
import type { SignedIn } from "@/server/auth/policy/credentials";
import { sessionsRouter } from "@/server/auth/sessions-router";
import { usersRouter } from "@/server/auth/users-router";
import { PUBLIC_PROCEDURES, publicProcedure, router } from "@/server/trpc";
import { ANYBODY } from "./open-caller";

// The list is written for readers, and closed to them. Only this copy of the app opens it, and only for the twin.
(PUBLIC_PROCEDURES as unknown as string[]).push("twin.session");

const { user, session } = ANYBODY;

/** `auth.session`, left open: the same answer to anybody, by the same way. */
const twinRouter = router({ session: publicProcedure.input(nothing).query((): SignedIn => ({ user, session })) });

export const appRouter = router({ auth: authRouter, users: usersRouter, sessions: sessionsRouter, twin: twinRouter });

export type AppRouter = typeof appRouter;
