/** What an outside scanner looks at: one page, one call, one sign-in. */
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
  /** What the scanner would say, in its own words where it has any. */
  evaluate: (scanned: Scanned) => string;
  /** What it says of us, on https. */
  expected: string;
  /** Where the answer on this machine, without TLS, is another one. */
  expectedOnHttp?: string;
  /** HTTP Observatory's points for the answer. */
  points?: number;
  /** Why we do not follow, where we do not. */
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
