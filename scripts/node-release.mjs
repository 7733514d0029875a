// Must run on any Node release with ES modules: ES2020 syntax only, and no imports.

const OLDEST_SUPPORTED = [20, 19];
const NEWEST_TESTED = 24;
/** The last day of support of each release line, from the Node.js release schedule. */
const END_OF_LIFE = {
  20: "2026-04-30",
  21: "2024-06-01",
  22: "2027-04-30",
  23: "2025-06-01",
  24: "2028-04-30",
};

/**
 * @param {string} version as in process.versions.node
 * @param {Date} now
 * @returns {{ kind: "refused" | "ended" | "supported", message: string }}
 */
export function judgeNodeRelease(version, now) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST_SUPPORTED[0] || (major === OLDEST_SUPPORTED[0] && minor < OLDEST_SUPPORTED[1])) {
    return {
      kind: "refused",
      message: `Portcullis needs Node ${OLDEST_SUPPORTED.join(".")} or newer; this is Node ${version}. Install Node ${NEWEST_TESTED}: https://nodejs.org`,
    };
  }
  const ended = END_OF_LIFE[/** @type {keyof typeof END_OF_LIFE} */ (major)];
  if (ended !== undefined && now.toISOString().slice(0, 10) > ended) {
    return {
      kind: "ended",
      message: `Node ${version} has received no security fixes since ${ended}. Upgrade to Node ${NEWEST_TESTED}.`,
    };
  }
  return { kind: "supported", message: `Node ${version}` };
}

/** Exits on an unsupported release, and warns about one past its end of life. */
export function requireSupportedNode() {
  const verdict = judgeNodeRelease(process.versions.node, new Date());
  if (verdict.kind === "supported") return;
  console.error(verdict.message);
  if (verdict.kind === "refused") process.exit(1);
}
