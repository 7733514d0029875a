import "server-only";
import { authRouter } from "./auth/router";
import { sessionsRouter } from "./auth/sessions-router";
import { usersRouter } from "./auth/users-router";
import { router } from "./trpc";

export const appRouter = router({ auth: authRouter, users: usersRouter, sessions: sessionsRouter });

export type AppRouter = typeof appRouter;
