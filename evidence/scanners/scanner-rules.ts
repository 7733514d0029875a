import { OBSERVATORY } from "./observatory-rules";
import type { Rule } from "./scanner-rule";
import { NO_SOFTWARE_NAMES, RECOMMENDED } from "./secure-headers-rules";

/** Two outside scanners' rules, each with what it would say of us. Google's CSP Evaluator is a package, and asked itself. */
export const RULES: Rule[] = [...OBSERVATORY, ...RECOMMENDED, NO_SOFTWARE_NAMES];
