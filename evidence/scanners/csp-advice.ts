/** https://csp-evaluator.withgoogle.com, as the package csp_evaluator: what it advises for our pages' policy, and why we do not follow. */
export const ADVICE = {
  UNSAFE_INLINE_FALLBACK:
    "Heeded only by browsers that know no nonces, where it would let everything in. Those load no script of ours, and say that signing in needs it.",
  ALLOWLIST_FALLBACK: "The same for browsers that know no `'strict-dynamic'`.",
  REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS:
    "The framework's loader and React would each need a policy of their own. No page makes markup or code out of text: `app/markup.test.ts`.",
} as const;
