import "server-only";
import { procedure, router } from "./init";
import { noInput } from "@/server/auth/inputs/inputs";
import { listFactors } from "@/server/auth/second-factor/list-factors";

export const factorsRouter = router({
  list: procedure.input(noInput).query(({ ctx }) => listFactors(ctx.db, ctx.caller, ctx.now)),
});
