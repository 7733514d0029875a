import { connect } from "@/db/connect";
import { isUnavailable } from "@/db/faults";
import { MIGRATION_LIMITS, migrateToLatest } from "@/db/migrate";

const url = process.env.DATABASE_URL;
if (!url) {
  console.error("DATABASE_URL is not set.");
  process.exit(1);
}

const db = connect(url, MIGRATION_LIMITS);
try {
  const applied = await migrateToLatest(db);
  console.log(applied.length === 0 ? "up to date" : `${applied.length} migrations applied`);
} catch (error) {
  const cause = error instanceof Error ? error.message : String(error);
  console.error(isUnavailable(error) ? `The database does not answer: ${cause}` : error);
  process.exitCode = 1;
} finally {
  await db.destroy();
}
// A statement whose connection broke leaves the driver's time-out behind: an hour in which nobody would learn of the failure.
process.exit();
