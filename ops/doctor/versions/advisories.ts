/** The day on which this list was last compared with the published advisories. */
export const REVIEWED_ON = "2026-11-21";

export interface Advisory {
  fixedIn: string;
  id: string;
  /** What an attacker gains, in half a sentence. */
  impact: string;
}

/**
 * Of the packages that a request passes through, the floors that have been published, newest first. `npm audit` knows
 * more, and needs a network.
 */
export const PACKAGE_ADVISORIES: Record<string, readonly Advisory[]> = {
  next: [
    { fixedIn: "16.3.3", id: "GHSA-p293-qw3h-jr36, GHSA-2xp9-vwfh-vxw4", impact: "a stranger runs code on the server" },
    { fixedIn: "16.2.11", id: "CVE-2026-64641", impact: "a crafted request to the App Router stops the server" },
    { fixedIn: "16.2.6", id: "GHSA-26hh-7cqf-hhc6, CVE-2026-44578", impact: "a request goes past the middleware" },
    { fixedIn: "16.0.7", id: "CVE-2025-55182", impact: "a stranger runs code on the server" },
    { fixedIn: "15.2.3", id: "CVE-2025-29927", impact: "one header switches the middleware off" },
  ],
  mysql2: [
    { fixedIn: "3.23.1", id: "GHSA-rgwj-5xj2-c3m3", impact: "a compressed packet exhausts the process" },
    { fixedIn: "3.22.0", id: "GHSA-3f6p-5ww8-9rcr", impact: "a false server asks for the password in clear text" },
    { fixedIn: "3.9.8", id: "CVE-2024-21512", impact: "a result pollutes prototypes" },
    { fixedIn: "3.9.7", id: "CVE-2024-21511", impact: "a parameter becomes code" },
  ],
  kysely: [{ fixedIn: "0.28.17", id: "CVE-2026-44635", impact: "a JSON path leads to other data" }],
  jose: [{ fixedIn: "4.15.5", id: "CVE-2024-28176", impact: "a small token unpacks to a huge one" }],
  "@trpc/server": [
    { fixedIn: "11.8.0", id: "CVE-2025-68130", impact: "a form pollutes prototypes" },
    { fixedIn: "11.1.1", id: "CVE-2025-43855", impact: "a malformed connection stops the server" },
  ],
  uuid: [{ fixedIn: "14.0.0", id: "CVE-2026-41907", impact: "writes go past the end of a buffer unnoticed" }],
};

/** By release line. A line that is missing has either ended or is newer than this list. */
export const NODE_ADVISORIES: Record<number, Advisory> = {
  22: { fixedIn: "22.23.2", id: "CVE-2026-56846", impact: "flaws of high severity" },
  24: { fixedIn: "24.18.1", id: "CVE-2026-56846", impact: "flaws of high severity" },
};

/** By the version's first number or two; those of MySQL need an account on the server, and those of MariaDB a cluster. */
export const SERVER_ADVISORIES: Record<"mysql" | "mariadb", Record<string, Advisory>> = {
  mysql: {
    "8.4": { fixedIn: "8.4.8", id: "CVE-2026-21968", impact: "any account can stop the server" },
    "9": { fixedIn: "9.6.0", id: "CVE-2026-21968", impact: "any account can stop the server" },
  },
  mariadb: {
    "10.11": {
      fixedIn: "10.11.17",
      id: "CVE-2026-44168",
      impact: "a node that joins the cluster runs commands on another",
    },
    "11.4": {
      fixedIn: "11.4.11",
      id: "CVE-2026-44168",
      impact: "a node that joins the cluster runs commands on another",
    },
    "11.8": {
      fixedIn: "11.8.7",
      id: "CVE-2026-44168",
      impact: "a node that joins the cluster runs commands on another",
    },
    "12.3": {
      fixedIn: "12.3.2",
      id: "CVE-2026-44168",
      impact: "a node that joins the cluster runs commands on another",
    },
  },
};
