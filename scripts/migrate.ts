import { connect } from "@/db/connect";
import { isUnavailable } from "@/db/faults";
import { MIGRATION_LIMITS, migrateToLatest } from "@/db/migrate";

const url = process.env.DATABASE_URL;
if (!url) {
  console.error("DATABASE_URL is not set.");
  process.exit(1);
}

const db = connectOrLeave(url);
try {
  const applied = await migrateToLatest(db);
  console.log(applied.length === 0 ? "up to date" : `${applied.length} migrations applied`);
} catch (error) {
  const cause = error instanceof Error ? error.message : String(error);
  // A refusal by the server, of the user or of TLS, has a code: its words say it all.
  const isTold = isUnavailable(error) || (error instanceof Error && "code" in error);
  console.error(isTold ? `The database cannot be used: ${cause}` : error);
  process.exitCode = 1;
} finally {
  await db.destroy();
}
// A statement whose connection broke leaves the driver's time-out behind: an hour in which nobody would learn of the failure.
process.exit();

function connectOrLeave(address: string): ReturnType<typeof connect> {
  try {
    return connect(address, MIGRATION_LIMITS);
  } catch (error) {
    console.error(`${(error as Error).message}.`);
    process.exit(1);
  }
}
