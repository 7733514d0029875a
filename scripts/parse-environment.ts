import { parseEnv } from "@/server/runtime/env";

try {
  parseEnv(process.env);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
