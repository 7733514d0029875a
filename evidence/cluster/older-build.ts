import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Build } from "@/evidence/fault-lab/instance";
import { readOutput, runOrThrow } from "@/scripts/command.mjs";
import { DATA, ROOT } from "@/scripts/paths.mjs";
import { UserError } from "@/scripts/user-error.mjs";
import type { Say } from "./setup";

/** Builds a commit in a folder outside this one: the bundler would take ours for its root. It is kept for the next run. */
export async function buildCommit(commit: string, logs: string, say: Say): Promise<Build> {
  const found = await readOutput("git", [
    "-C",
    ROOT,
    "rev-parse",
    "--verify",
    "--end-of-options",
    `${commit}^{commit}`,
  ]);
  const hash = found?.trim() ?? "";
  if (!/^[0-9a-f]{40}$/.test(hash)) throw new UserError(`--build-of ${commit} names no commit.`);
  const folder = join(tmpdir(), `portcullis-build-${hash.slice(0, 12)}`);
  const log = join(DATA, "logs", "older-build.log");
  const completed = join(folder, ".built");
  if (!existsSync(completed)) {
    say(`the files of ${hash.slice(0, 7)}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const archive = `${folder}.tar`;
    await runOrThrow("git", ["-C", ROOT, "archive", "--output", archive, hash], { log });
    await runOrThrow("tar", ["-xf", archive, "-C", folder], { log });
    rmSync(archive);
    // If the packages differ, the build's own installation replaces these hard links.
    await runOrThrow("cp", ["-al", join(ROOT, "node_modules"), folder], { log });
    say("next build");
    await runOrThrow(process.execPath, [join(folder, "scripts", "build.mjs")], { log, cwd: folder });
    writeFileSync(completed, "");
  }
  const entry = join(folder, ".next", "entry");
  const migrate = (url: string) =>
    runOrThrow(process.execPath, [join(entry, "migrate.mjs")], {
      log,
      cwd: folder,
      env: { ...process.env, DATABASE_URL: url },
    });
  return { logs, migrate, entry: join(entry, "main.mjs"), cwd: folder };
}
