import "server-only";
import { authRouter } from "@/server/api/auth-router";
import { noInput } from "@/server/auth/login/inputs";
import type { SignedIn } from "@/server/auth/policy/credentials";
import { PROCEDURES } from "@/server/auth/policy/procedures";
import { sessionsRouter } from "@/server/api/sessions-router";
import { usersRouter } from "@/server/api/users-router";
import { publicProcedure, router } from "@/server/api/init";
import { ANYBODY } from "./open-caller";

// The table is closed to additions. Only this copy of the app adds to it, for the baseline procedure.
Object.assign(PROCEDURES, { "twin.session": { access: "public", batch: true, hashesPassword: false } });

const { user, session } = ANYBODY;

/** `auth.session`, left open: the same answer to anybody, by the same way. */
const twinRouter = router({ session: publicProcedure.input(noInput).query((): SignedIn => ({ user, session })) });

export const appRouter = router({ auth: authRouter, users: usersRouter, sessions: sessionsRouter, twin: twinRouter });

export type AppRouter = typeof appRouter;
