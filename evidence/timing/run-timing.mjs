import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "../../scripts/install.mjs";
import { exit } from "../../scripts/lifecycle.mjs";
import { UserError } from "../../scripts/user-error.mjs";
import { DATA } from "../../scripts/paths.mjs";
import { runCli } from "../../scripts/run-cli.mjs";
import { summaryLine } from "../../scripts/test-report.mjs";
import { Claims } from "./claims.mjs";

const NAMES = ["flood", "equal-cost"];

/**
 * Runs measurements on a production build. Each claim that holds counts as a passed test.
 * @param {string[]} args `flood`, `equal-cost`, or none for both; `--report FILE`
 */
export async function runTiming(args) {
  const at = args.indexOf("--report");
  const report = at === -1 ? join(DATA, "test", "timing.json") : String(args[at + 1]);
  const names = at === -1 ? args : args.toSpliced(at, 2);
  rmSync(report, { force: true });
  await runCli(async ({ step, print }) => {
    const unknown = names.find((name) => !NAMES.includes(name));
    if (unknown !== undefined)
      throw new UserError(`There is no measurement named ${unknown}. Use ${NAMES.join(" or ")}.`);
    print("\n  Portcullis  timing\n\n");
    await step("Packages", installPackages);
    // Imported after the packages are installed.
    const { startTestApp } = await import("./test-app.mjs");
    const claims = new Claims();
    for (const name of NAMES.filter((one) => names.length === 0 || names.includes(one))) {
      const { measure } = await import(`./${name}.mjs`);
      const testApp = await step("App", (onProgress) => startTestApp(name, onProgress));
      print(await step(name, (onProgress) => measure(testApp, claims, onProgress)));
      await testApp.close();
    }
    for (const { holds, text } of claims.all) print(`  ${holds ? "✓" : "✗"} ${text}\n`);
    mkdirSync(join(DATA, "test"), { recursive: true });
    writeFileSync(report, JSON.stringify(claims.tally));
    print(`\n${summaryLine(claims.tally)}\n`);
    await exit(claims.tally.failed === 0 ? 0 : 1);
  });
}
