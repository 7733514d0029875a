import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { AppLog } from "@/evidence/app-log";
import { Probe } from "@/evidence/app-probe";
import { createDatabase, databaseUrl } from "@/evidence/database";
import { startApp, type App } from "@/scripts/app.mjs";
import { findServerPort } from "@/scripts/loopback.mjs";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { DATA, ROOT, findBuild } from "@/scripts/paths.mjs";
import { migrate } from "@/scripts/schema.mjs";
import type { Sample } from "./memory";
import { isErrorLine } from "./oracles";
import type { SigningSecrets } from "./tampering";

const FOLDER = join(DATA, "fuzz");

/** The built app with its own database, and the secrets that the oracles need to know. */
export class Target {
  private constructor(
    readonly port: number,
    readonly origin: string,
    readonly db: Kysely<Database>,
    readonly app: App,
    readonly log: AppLog,
    readonly signingSecrets: SigningSecrets,
    /** Values that must not appear in a response. */
    readonly secrets: readonly string[],
    readonly buildId: string,
    private readonly probe: Probe,
  ) {}

  static async start(server: Server): Promise<Target> {
    const name = await createDatabase(server);
    const url = databaseUrl(server, name);
    await migrate(url);
    const port = await findServerPort();
    const origin = `http://localhost:${port}`;
    const secret = () => randomBytes(32).toString("base64url");
    const env = {
      NODE_ENV: "production",
      APP_ORIGIN: origin,
      DATABASE_URL: url,
      SESSION_SECRET: secret(),
      JWT_ACCESS_SECRET: secret(),
      ENCRYPTION_SECRET: secret(),
      // Longer than a run, so that no access token expires.
      ACCESS_TOKEN_SECONDS: "3600",
      RATE_LIMIT_FACTOR: "100000",
      PORTCULLIS_MAIL_FOLDER: join(FOLDER, "mail"),
    };
    // The product code that creates the test users reads the same variables.
    Object.assign(process.env, env);
    const log = join(FOLDER, "app.log");
    const probe = await Probe.onFreePort();
    const app = await startApp({ port, log, env: { ...env, LOG_LEVEL: "debug", ...probe.environment } });
    const buildId = readFileSync(join(findBuild(), "BUILD_ID"), "utf8");
    const secrets = [env.SESSION_SECRET, env.JWT_ACCESS_SECRET, env.ENCRYPTION_SECRET, name, ROOT, "$argon2"];
    const signing = { access: env.JWT_ACCESS_SECRET, refresh: env.SESSION_SECRET };
    return new Target(port, origin, connect(url), app, new AppLog(log, isErrorLine), signing, secrets, buildId, probe);
  }

  /** Memory after garbage collection. */
  async sample(requests: number): Promise<Sample> {
    const { heapUsed, external, rss } = await this.probe.memory();
    return { requests, heapUsed: heapUsed + external, rss };
  }

  async stop(): Promise<void> {
    await this.app.stop();
    this.log.close();
    await this.db.destroy();
  }
}
