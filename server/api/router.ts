import "server-only";
import { accountRouter } from "./account-router";
import { authRouter } from "./auth-router";
import { factorsRouter } from "./factors-router";
import { recoveryCodesRouter } from "./recovery-codes-router";
import { sessionsRouter } from "./sessions-router";
import { totpRouter } from "./totp-router";
import { usersRouter } from "./users-router";
import { confirmRouter } from "./confirm-router";
import { emailRouter } from "./email-router";
import { router } from "./init";
import { passkeysRouter } from "./passkeys-router";
import { passwordRouter } from "./password-router";

export const appRouter = router({
  account: accountRouter,
  auth: authRouter,
  users: usersRouter,
  sessions: sessionsRouter,
  passkeys: passkeysRouter,
  password: passwordRouter,
  email: emailRouter,
  confirm: confirmRouter,
  factors: factorsRouter,
  totp: totpRouter,
  recoveryCodes: recoveryCodesRouter,
});

export type AppRouter = typeof appRouter;
