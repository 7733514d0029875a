import { createServer } from "node:http";
import next from "next";

// Next.js in a plain Node server. The build is in the working directory.
const app = next({ dev: false, dir: process.cwd() });
await app.prepare();
createServer(app.getRequestHandler()).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
