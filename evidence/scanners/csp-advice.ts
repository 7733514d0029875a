/** Advice of CSP Evaluator (package csp_evaluator) on the policy of pages, and why it is not followed. */
export const ADVICE = {
  UNSAFE_INLINE_FALLBACK: "Applied only by browsers without support for nonces, which do not run the app's scripts.",
  ALLOWLIST_FALLBACK: "Applied only by browsers without support for `'strict-dynamic'`.",
  REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS:
    "The framework's loader and React would each need a Trusted Types policy. No page creates markup or code from text: `app/markup.test.ts`.",
} as const;
