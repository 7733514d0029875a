import "server-only";
import { authRouter } from "@/server/api/auth-router";
import { noInput } from "@/server/auth/inputs/inputs";
import type { SignedIn } from "@/server/auth/policy/credentials";
import { PROCEDURES } from "@/server/auth/policy/procedures";
import { sessionsRouter } from "@/server/api/sessions-router";
import { usersRouter } from "@/server/api/users-router";
import { publicProcedure, router } from "@/server/api/init";
import { FIXED_CALLER } from "./open-caller";

// The table is closed to additions. Only this copy of the app adds to it, for the baseline procedure.
Object.assign(PROCEDURES, { "open.session": { access: "public", batch: true, hashesPassword: false } });

const { user, session } = FIXED_CALLER;

/** `auth.session` without authentication: the same response through the same router. */
const openRouter = router({ session: publicProcedure.input(noInput).query((): SignedIn => ({ user, session })) });

export const appRouter = router({ auth: authRouter, users: usersRouter, sessions: sessionsRouter, open: openRouter });

export type AppRouter = typeof appRouter;
