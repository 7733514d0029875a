import { connect } from "@/db/connect";
import { isUnavailable } from "@/db/faults";
import { MIGRATION_LIMITS, migrateToLatest } from "@/db/migrate";

const url = process.env.DATABASE_URL;
if (!url) {
  console.error("DATABASE_URL is not set.");
  process.exit(1);
}

const db = connectOrExit(url);
try {
  const applied = await migrateToLatest(db);
  console.log(applied.length === 0 ? "up to date" : `${applied.length} migrations applied`);
} catch (error) {
  const cause = error instanceof Error ? error.message : String(error);
  // An error with a code comes from the server or the connection: its message is sufficient.
  const isConnectionError = isUnavailable(error) || (error instanceof Error && "code" in error);
  console.error(isConnectionError ? `The database cannot be used: ${cause}` : error);
  process.exitCode = 1;
} finally {
  await db.destroy();
}
// Exit explicitly: after a broken connection the driver's timeout would keep the process alive for an hour.
process.exit();

function connectOrExit(address: string): ReturnType<typeof connect> {
  try {
    return connect(address, MIGRATION_LIMITS);
  } catch (error) {
    console.error(`${(error as Error).message}.`);
    process.exit(1);
  }
}
