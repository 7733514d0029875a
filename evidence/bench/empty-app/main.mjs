import { createServer } from "node:http";
import next from "next";

// The framework in a server of Node, and nothing else. Its build lies in the folder that it is started in.
const app = next({ dev: false, dir: process.cwd() });
await app.prepare();
createServer(app.getRequestHandler()).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
