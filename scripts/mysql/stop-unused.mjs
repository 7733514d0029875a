import { stopUnused } from "./sharing.mjs";
import { stopServer } from "./private-server.mjs";

// Started by an app whose starter was killed: the starter can no longer stop the database that it shared.
const [directory = ""] = process.argv.slice(2);
await stopUnused(directory, () => stopServer(directory));
