import "server-only";
import { authRouter } from "./auth-router";
import { sessionsRouter } from "./sessions-router";
import { usersRouter } from "./users-router";
import { router } from "./init";

export const appRouter = router({ auth: authRouter, users: usersRouter, sessions: sessionsRouter });

export type AppRouter = typeof appRouter;
