import { judgeNodeRelease } from "@/scripts/node-release.mjs";
import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { NODE_ADVISORIES, PACKAGE_ADVISORIES, REVIEWED_ON } from "./advisories";
import { isBefore, numbersOf } from "./compare-versions";

export interface VersionFacts {
  /** As in process.versions.node. */
  node: string;
  /** What is installed, by package; null where it is not. */
  packages: Record<string, string | null>;
}

/** After this long the list of advisories says little about the present. */
const LIST_DAYS_AT_MOST = 180;

export function judgeVersions({ node, packages }: VersionFacts, now: Date): Group {
  const names = Object.keys(packages);
  return {
    title: "Versions",
    healthy: `Node ${node}; ${counted(names.length, "package")} without a hole known on ${REVIEWED_ON}; npm audit knows the newest`,
    findings: [
      ...judgeNode(node, now),
      ...names.flatMap((name) => judgePackage(name, packages[name] ?? null)),
      ...judgeList(now),
    ],
  };
}

function judgeNode(node: string, now: Date): Finding[] {
  const { kind, message } = judgeNodeRelease(node, now);
  const install = "Put the newest long-term release in: node:24-slim in the Dockerfile, or https://nodejs.org";
  if (kind === "refused") return [problem("node-too-old", message, install)];
  // The contract still runs on it, so that this alone fails nobody's deployment.
  if (kind === "ended") return [warning("node-ended", message, install)];
  const floor = NODE_ADVISORIES[numbersOf(node)[0] ?? 0];
  if (floor === undefined || !isBefore(node, floor.fixedIn)) return [];
  return [
    problem(
      "node-vulnerable",
      `Node ${node} has known holes: ${floor.impact} (${floor.id}).`,
      `Move to Node ${floor.fixedIn} or later: rebuild the image with docker compose build --pull app`,
    ),
  ];
}

function judgePackage(name: string, version: string | null): Finding[] {
  if (version === null) return [problem("package-missing", `${name} is not installed.`, "npm ci")];
  const open = (PACKAGE_ADVISORIES[name] ?? []).filter(({ fixedIn }) => isBefore(version, fixedIn));
  const [newest] = open;
  if (newest === undefined) return [];
  const holes = open.map(({ impact, id }) => `${impact} (${id})`).join("; ");
  return [
    problem(
      "package-vulnerable",
      `${name} ${version} has known holes: ${holes}.`,
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
      `The list of known holes was last reviewed ${days} days ago.`,
      "npm audit asks for the newest; renew ops/doctor/versions/advisories.ts from it",
    ),
  ];
}
