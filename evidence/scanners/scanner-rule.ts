/** What a scanner examines: one page, one call, one login. */
export interface Scanned {
  isHttps: boolean;
  /** Names in lower case. */
  page: Record<string, string>;
  html: string;
  call: Record<string, string>;
  setCookies: { name: string; value: string; attributes: string[] }[];
}

export interface Rule {
  source: keyof typeof SOURCES;
  rule: string;
  /** The scanner's result, by its own identifier if it has one. */
  evaluate: (scanned: Scanned) => string;
  /** Expected result on https. */
  expected: string;
  /** Expected result on http, if different. */
  expectedOnHttp?: string;
  /** HTTP Observatory's points for the expected result. */
  points?: number;
  /** Why the rule is not followed, if it is not. */
  reason?: string;
}

export const SOURCES = {
  "HTTP Observatory": "https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring",
  "OWASP Secure Headers": "https://owasp.org/www-project-secure-headers/",
  "OWASP Secure Headers, to remove": "https://owasp.org/www-project-secure-headers/",
} as const;

/** The sources that a policy names for a directive; undefined if it does not name the directive. */
export function sourcesOf(policy: string, directive: string): string[] | undefined {
  const directives = policy.split(";").map((part) => part.trim().split(/\s+/));
  return directives.find(([name]) => name === directive)?.slice(1);
}
