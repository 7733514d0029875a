import { judgeNodeRelease } from "@/scripts/node-release.mjs";
import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { NODE_ADVISORIES, PACKAGE_ADVISORIES, REVIEWED_ON } from "./advisories";
import { isBefore, numbersOf } from "./compare-versions";

export interface VersionFacts {
  /** process.versions.node. */
  node: string;
  /** Installed version by package; null if missing. */
  packages: Record<string, string | null>;
}

/** A list of advisories older than this is outdated. */
const LIST_DAYS_AT_MOST = 180;

export function judgeVersions({ node, packages }: VersionFacts, now: Date): Group {
  const names = Object.keys(packages);
  return {
    title: "Versions",
    healthy: `Node ${node}; ${counted(names.length, "package")} without vulnerabilities known on ${REVIEWED_ON}; see npm audit for newer ones`,
    findings: [
      ...judgeNode(node, now),
      ...names.flatMap((name) => judgePackage(name, packages[name] ?? null)),
      ...judgeList(now),
    ],
  };
}

function judgeNode(node: string, now: Date): Finding[] {
  const { kind, message } = judgeNodeRelease(node, now);
  const install = "Install the newest LTS release: node:24-slim in the Dockerfile, or https://nodejs.org";
  if (kind === "refused") return [problem("node-too-old", message, install)];
  // Node 20 is still supported, so this is only a warning.
  if (kind === "ended") return [warning("node-ended", message, install)];
  const floor = NODE_ADVISORIES[numbersOf(node)[0] ?? 0];
  if (floor === undefined || !isBefore(node, floor.fixedIn)) return [];
  return [
    problem(
      "node-vulnerable",
      `Node ${node} has known vulnerabilities: ${floor.impact} (${floor.id}).`,
      `Upgrade to Node ${floor.fixedIn} or later: rebuild the image with docker compose build --pull app`,
    ),
  ];
}

function judgePackage(name: string, version: string | null): Finding[] {
  if (version === null) return [problem("package-missing", `${name} is not installed.`, "npm ci")];
  const open = (PACKAGE_ADVISORIES[name] ?? []).filter(({ fixedIn }) => isBefore(version, fixedIn));
  const [newest] = open;
  if (newest === undefined) return [];
  const impacts = open.map(({ impact, id }) => `${impact} (${id})`).join("; ");
  return [
    problem(
      "package-vulnerable",
      `${name} ${version} has known vulnerabilities: ${impacts}.`,
      `npm install --save-exact ${name}@${newest.fixedIn} or later, npm test, deploy`,
    ),
  ];
}

function judgeList(now: Date): Finding[] {
  const days = Math.floor((now.getTime() - Date.parse(REVIEWED_ON)) / 86_400_000);
  if (days <= LIST_DAYS_AT_MOST) return [];
  return [
    warning(
      "advisories-old",
      `The list of known vulnerabilities was last reviewed ${days} days ago.`,
      "Run npm audit, and update ops/doctor/versions/advisories.ts",
    ),
  ];
}
