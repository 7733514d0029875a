import type { Tally } from "@/scripts/test-report.mjs";

/** What is read of the report that Vitest's json reporter writes. */
export interface TestReport {
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

export interface ReportedTest {
  title: string;
  file: string;
}

export interface JudgedRun {
  /** Tests that failed and are no exceptions. */
  failed: ReportedTest[];
  /** Exceptions that did not fail. One that is no longer needed would hide a later failure. */
  passed: ReportedTest[];
  /** What else is not as expected. */
  problems: string[];
}

/** `exceptions`: tests that cannot pass, each with the reason. */
export function judgeTestRun(
  { testResults }: TestReport,
  tally: Tally,
  exceptions: Readonly<Record<string, string>>,
): JudgedRun {
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((one) => ({ title: one.fullName, file: name, hasFailed: isFailed(one) })),
  );
  const ofKind = (hasFailed: boolean, isExcepted: boolean): ReportedTest[] =>
    tests
      .filter((one) => one.hasFailed === hasFailed && one.title in exceptions === isExcepted)
      .map(({ title, file }) => ({ title, file }));
  const unknown = Object.keys(exceptions)
    .filter((exception) => !tests.some(({ title }) => title === exception))
    .map((exception) => `not found, correct its exception: ${exception}`);
  // A hook that fails, or a file that cannot be loaded: its tests did not run.
  const broken = testResults
    .filter(({ status, assertionResults }) => status === "failed" && !assertionResults.some(isFailed))
    .map(({ name }) => `failed outside its tests: ${name}`);
  const problems = [...unknown, ...broken];
  // The runner reports more failures than it names, or ended early.
  const failures = tests.filter(({ hasFailed }) => hasFailed).length;
  if (broken.length === 0 && tally.failed !== failures) problems.push("the run itself failed, see its log");
  return { failed: ofKind(true, false), passed: ofKind(false, true), problems };
}

export function passedTests({ testResults }: TestReport): string[] {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return tests.filter(({ status }) => status === "passed").map(({ fullName }) => fullName);
}

function isFailed({ status }: { status: string }): boolean {
  return status === "failed";
}
