/** Date of the last comparison with the published advisories. */
export const REVIEWED_ON = "2026-11-21";

export interface Advisory {
  fixedIn: string;
  id: string;
  /** The impact in half a sentence. */
  impact: string;
}

/**
 * Fixed versions of the packages that process requests, newest first. `npm audit` is more complete but needs network access.
 */
export const PACKAGE_ADVISORIES: Record<string, readonly Advisory[]> = {
  next: [
    {
      fixedIn: "16.3.3",
      id: "GHSA-p293-qw3h-jr36, GHSA-2xp9-vwfh-vxw4",
      impact: "remote code execution without authentication",
    },
    { fixedIn: "16.2.11", id: "CVE-2026-64641", impact: "denial of service by a request to the App Router" },
    { fixedIn: "16.2.6", id: "GHSA-26hh-7cqf-hhc6, CVE-2026-44578", impact: "middleware bypass" },
    { fixedIn: "16.0.7", id: "CVE-2025-55182", impact: "remote code execution without authentication" },
    { fixedIn: "15.2.3", id: "CVE-2025-29927", impact: "middleware bypass by a header" },
  ],
  mysql2: [
    { fixedIn: "3.23.1", id: "GHSA-rgwj-5xj2-c3m3", impact: "denial of service by a compressed packet" },
    { fixedIn: "3.22.0", id: "GHSA-3f6p-5ww8-9rcr", impact: "a forged server obtains the password in clear text" },
    { fixedIn: "3.9.8", id: "CVE-2024-21512", impact: "prototype pollution by a result" },
    { fixedIn: "3.9.7", id: "CVE-2024-21511", impact: "code injection by a parameter" },
  ],
  kysely: [{ fixedIn: "0.28.17", id: "CVE-2026-44635", impact: "SQL injection by a JSON path" }],
  jose: [{ fixedIn: "4.15.5", id: "CVE-2024-28176", impact: "denial of service by a compressed token" }],
  "@trpc/server": [
    { fixedIn: "11.8.0", id: "CVE-2025-68130", impact: "prototype pollution by form data" },
    { fixedIn: "11.1.1", id: "CVE-2025-43855", impact: "denial of service by a malformed connection" },
  ],
  uuid: [{ fixedIn: "14.0.0", id: "CVE-2026-41907", impact: "out-of-bounds writes" }],
};

/** By release line. A missing line is past its end of life or newer than this list. */
export const NODE_ADVISORIES: Record<number, Advisory> = {
  22: { fixedIn: "22.23.2", id: "CVE-2026-56846", impact: "vulnerabilities of high severity" },
  24: { fixedIn: "24.18.1", id: "CVE-2026-56846", impact: "vulnerabilities of high severity" },
};

/** By major or major.minor version. The MySQL entries require an account on the server, those of MariaDB a cluster. */
export const SERVER_ADVISORIES: Record<"mysql" | "mariadb", Record<string, Advisory>> = {
  mysql: {
    "8.4": { fixedIn: "8.4.8", id: "CVE-2026-21968", impact: "denial of service by any account" },
    "9": { fixedIn: "9.6.0", id: "CVE-2026-21968", impact: "denial of service by any account" },
  },
  mariadb: {
    "10.11": {
      fixedIn: "10.11.17",
      id: "CVE-2026-44168",
      impact: "command execution by a joining cluster node",
    },
    "11.4": {
      fixedIn: "11.4.11",
      id: "CVE-2026-44168",
      impact: "command execution by a joining cluster node",
    },
    "11.8": {
      fixedIn: "11.8.7",
      id: "CVE-2026-44168",
      impact: "command execution by a joining cluster node",
    },
    "12.3": {
      fixedIn: "12.3.2",
      id: "CVE-2026-44168",
      impact: "command execution by a joining cluster node",
    },
  },
};
