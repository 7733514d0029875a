import { stopUnused } from "./sharing.mjs";
import { stopServer } from "./private-server.mjs";

// Run by an app whose parent process was killed and could not release the shared database.
const [directory = ""] = process.argv.slice(2);
await stopUnused(directory, () => stopServer(directory));
