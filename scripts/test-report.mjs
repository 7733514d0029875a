/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/** @param {any} report of Vitest's json reporter  @returns {Tally} */
export function tallyVitest(report) {
  // A file that fails to load reports no tests, but counts as a failure.
  const broken = report.testResults.filter(
    (/** @type {any} */ file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** @param {any} report of Playwright's json reporter  @returns {Tally} */
export function tallyPlaywright({ stats, errors }) {
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected + errors.length, skipped: stats.skipped };
}

/**
 * A runner that failed or ran no test counts as a failure even if no test failed.
 * @param {Tally | null} tally null if there is no report  @param {number} code the runner's exit code  @returns {Tally}
 */
export function resultOfRun(tally, code) {
  const counted = tally ?? { passed: 0, failed: 0, skipped: 0 };
  const isSilentFailure = counted.failed === 0 && (code !== 0 || counted.passed === 0);
  return isSilentFailure ? { ...counted, failed: 1 } : counted;
}

/** @param {Tally[]} tallies  @returns {Tally} */
export function sumTallies(tallies) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of tallies) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/** @param {Tally} tally */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
