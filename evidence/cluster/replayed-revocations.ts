import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { databaseUrl } from "@/evidence/database";
import type { Lab } from "@/evidence/fault-lab/lab";
import { refreshUntilAnswered } from "@/evidence/fault-lab/thefts";
import { SECRETS } from "@/scripts/app.mjs";
import { run } from "@/scripts/command.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { checkRevocations, prepareDevices, revokeDevices } from "./revoked-sessions";
import type { Say } from "./setup";

const REVOCATIONS = 8;

interface Restore {
  backUp: () => Promise<void>;
  restore: () => Promise<void>;
}

/**
 * Restores a backup while no instance remembers the revocations since, and replays the log: none of the revoked sessions lives, and the
 * others do.
 */
export async function replayAfterRestore(lab: Lab, { backUp, restore }: Restore, say: Say): Promise<void> {
  const { stack } = lab;
  const { instances, server, name } = stack;
  const devices = await prepareDevices(lab, REVOCATIONS);
  say("a second backup");
  await backUp();
  await Promise.all(instances.map((instance) => instance.ready()));
  await revokeDevices(devices);

  say("a restore without instances");
  for (const instance of instances) await instance.stop();
  await restore();
  await stack.moveTo(server);
  await Promise.all(instances.map((instance) => stack.startInstance(instance)));
  const ids = devices.map(({ browser }) => browser.sessionId!);
  const rows = await stack.db
    .selectFrom("sessions")
    .select(["id", "userId", "revokedAt"])
    .where("id", "in", ids)
    .execute();
  const living = rows.filter(({ revokedAt }) => revokedAt === null).length;
  lab.results.check("no errors", living === ids.length, () => `only ${living} revoked sessions live after the restore`);

  say("npm run revocations -- replay");
  const file = join(DATA, "cluster", "replayed.log");
  writeFileSync(file, instances.flatMap(({ logs }) => logs.map((log) => readFileSync(log, "utf8"))).join("\n"));
  const { code, output } = await run("npm", ["run", "revocations", "--", "replay", file], {
    log: join(DATA, "cluster", "revocations.log"),
    env: { ...process.env, ...SECRETS, APP_ORIGIN: stack.origin, DATABASE_URL: databaseUrl(server, name) },
  });
  lab.results.check("no errors", code === 0, () => `npm run revocations failed: ${output}`);
  await checkRevocations(lab, devices);
  for (const { browser, owner, how } of devices) {
    if (how === "users.changePassword") {
      const isListed = output.includes(rows.find(({ id }) => id === browser.sessionId)!.userId);
      lab.results.check("ended sessions", isListed, () => "a user whose new password was lost is not listed");
    }
    if (how !== "logout" && how !== "sessions.revoke") continue;
    const end = await refreshUntilAnswered(owner);
    lab.results.check("signed in", end === "refreshed", () => `after a replay ${owner.sessionId} is ${end}`);
  }
}
