import { OBSERVATORY } from "./observatory-rules";
import type { Rule } from "./scanner-rule";
import { NO_SOFTWARE_NAMES, RECOMMENDED } from "./secure-headers-rules";

/** Rules of two scanners with expected results. Google's CSP Evaluator is run as a package. */
export const RULES: Rule[] = [...OBSERVATORY, ...RECOMMENDED, NO_SOFTWARE_NAMES];
