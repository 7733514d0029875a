import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { sql, type Kysely } from "kysely";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { pause } from "@/evidence/pause";
import { sendRequest } from "@/evidence/http-client";
import { createDatabase, databaseUrl } from "@/evidence/database";
import { startApp, type App } from "@/scripts/app.mjs";
import { onExit } from "@/scripts/lifecycle.mjs";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { ROOT } from "@/scripts/paths.mjs";
import { migrate } from "@/scripts/schema.mjs";
import { EMPTY_APP, SLOW_HASH_APP, SLOW_HASH_FACTOR, BASELINE } from "./build";
import { seedTimesAt, type SeedTimes } from "./seed-data";
import { cpuMicrosecondsOf } from "./cpu-time";
import { Probe } from "@/evidence/app-probe";
import { ORIGIN } from "./requests";
import { seedDatabase } from "./seed";

/** A small table, with enough sessions to avoid reuse. */
const FEW_SESSIONS = 1000;
/** Sessions for benchmarks that end sessions. */
const SPARE_SESSIONS = 200;
const BUFFER_POOL_BYTES = 1024 ** 3;

export interface SeededDatabase {
  url: string;
  db: Kysely<Database>;
  /** Number of shared sessions, with ordinals from 0. Benchmarks must not end them. */
  sessions: number;
  /** Ordinals of additional sessions, to be removed from this list when used. */
  spareOrdinals: number[];
  times: SeedTimes;
}

export interface RunningApp {
  /** performance.now() of this process. */
  startedAt: number;
  app: App;
  port: number;
  probe: Probe;
}

interface AppSource {
  database?: SeededDatabase;
  entry?: string;
  cwd?: string;
}

const EMPTY_APP_SOURCE: AppSource = { entry: join(ROOT, "evidence", "bench", "empty-app", "main.mjs"), cwd: EMPTY_APP };

type OnProgress = (detail: string) => void;

/** Databases and apps under test, created lazily. */
export class TestBed {
  readonly #made = new Map<string, Promise<unknown>>();

  private constructor(
    readonly server: Server,
    private readonly logs: string,
  ) {}

  /** Starts a new database server with its data in `folder`. */
  static async start(folder: string, onProgress: OnProgress): Promise<TestBed> {
    // This process signs tokens that the apps verify: all share one configuration.
    Object.assign(process.env, {
      NODE_ENV: "production",
      APP_ORIGIN: ORIGIN,
      SESSION_SECRET: randomBytes(32).toString("base64url"),
      JWT_ACCESS_SECRET: randomBytes(32).toString("base64url"),
      ENCRYPTION_SECRET: randomBytes(32).toString("base64url"),
      DATABASE_URL: "mysql://nobody@127.0.0.1:9/nothing",
      PORTCULLIS_MAIL_FOLDER: join(folder, "mail"),
    });
    const logs = join(folder, "logs");
    rmSync(logs, { recursive: true, force: true });
    const server = await provideServer({ directory: join(folder, "mysql"), onProgress, fresh: true });
    onExit(server.stop);
    onProgress(server.version);
    return new TestBed(server, logs);
  }

  /** For benchmarks that do not depend on the number of sessions. */
  smallDatabase(onProgress: OnProgress): Promise<SeededDatabase> {
    return this.#once("small", () => this.#fill(FEW_SESSIONS, onProgress));
  }

  largeDatabase(sessions: number, onProgress: OnProgress): Promise<SeededDatabase> {
    return this.#once("large-database", () => this.#fill(sessions, onProgress));
  }

  /** The production build. */
  app(onProgress: OnProgress): Promise<RunningApp> {
    return this.#once("product", async () => this.#open("product", { database: await this.smallDatabase(onProgress) }));
  }

  /** Another instance on the same database. */
  secondInstance(onProgress: OnProgress): Promise<RunningApp> {
    return this.#once("second", async () => this.#open("second", { database: await this.smallDatabase(onProgress) }));
  }

  appOnLargeDatabase(sessions: number, onProgress: OnProgress): Promise<RunningApp> {
    return this.#once("large", async () =>
      this.#open("large", { database: await this.largeDatabase(sessions, onProgress) }),
    );
  }

  /** The build with a page and a procedure without authentication. */
  baseline(onProgress: OnProgress): Promise<RunningApp> {
    const build = { entry: join(BASELINE, ".next", "entry", "main.mjs"), cwd: BASELINE };
    return this.#once("baseline", async () =>
      this.#open("baseline", { database: await this.smallDatabase(onProgress), ...build }),
    );
  }

  /** The build with slower hashes, and users with such hashes. */
  slowHashApp(onProgress: OnProgress): Promise<RunningApp & { database: SeededDatabase }> {
    const build = { entry: join(SLOW_HASH_APP, ".next", "entry", "main.mjs"), cwd: SLOW_HASH_APP };
    return this.#once("slow-hash", async () => {
      const database = await this.#fill(FEW_SESSIONS, onProgress, SLOW_HASH_FACTOR);
      return { ...(await this.#open("slow-hash", { database, ...build })), database };
    });
  }

  /** CPU time of the database server so far. Null if not available. */
  databaseCpuMicroseconds(): number | null {
    return cpuMicrosecondsOf(this.server.pid);
  }

  /** The empty Next.js app. */
  emptyApp(): Promise<RunningApp> {
    return this.#once("empty-app", () => this.#open("empty-app", EMPTY_APP_SOURCE));
  }

  /** Starts another process of the production build. The caller stops it. */
  async startNewApp(): Promise<RunningApp> {
    return this.#start("extra", { database: await this.smallDatabase(() => {}) });
  }

  /** Starts another process of the empty app. The caller stops it. */
  startNewEmptyApp(): Promise<RunningApp> {
    return this.#start("extra-empty-app", EMPTY_APP_SOURCE);
  }

  async #open(name: string, served: AppSource): Promise<RunningApp> {
    const app = await this.#start(name, served);
    onExit(app.app.stop);
    if (served.database === undefined) await waitForResponse(app.port, "/");
    else await app.app.ready();
    return app;
  }

  async #start(name: string, { database, ...build }: AppSource): Promise<RunningApp> {
    const probe = await Probe.onFreePort();
    const startedAt = performance.now();
    const app = await startApp({
      ...build,
      env: {
        APP_ORIGIN: ORIGIN,
        DATABASE_URL: database?.url,
        RATE_LIMIT_FACTOR: "100000",
        TRUSTED_PROXY_HOPS: "1",
        ...probe.environment,
      },
      log: join(this.logs, `${name}.log`),
      until: "started",
    });
    return { startedAt, app, port: app.port, probe };
  }

  async #fill(sessions: number, onProgress: OnProgress, hashTimes = 1): Promise<SeededDatabase> {
    const url = databaseUrl(this.server, await createDatabase(this.server));
    await migrate(url);
    const db = connect(url, { poolSize: 2, statementSeconds: 120, lockSeconds: 60, acquireSeconds: 30 });
    onExit(() => db.destroy());
    await this.#once("memory", () => this.#enlargeBufferPool(db));
    const times = seedTimesAt(new Date());
    await seedDatabase(db, sessions + SPARE_SESSIONS, times, onProgress, hashTimes);
    const spareOrdinals = Array.from({ length: SPARE_SESSIONS }, (_, index) => sessions + index);
    return { url, db, sessions, spareOrdinals, times };
  }

  /** Enlarges the buffer pool so that a million sessions fit: the disk must not be measured. */
  async #enlargeBufferPool(db: Kysely<Database>): Promise<void> {
    if (totalmem() < 4 * BUFFER_POOL_BYTES) return;
    await sql`set global innodb_buffer_pool_size = ${sql.lit(BUFFER_POOL_BYTES)}`.execute(db);
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made as Promise<T>;
  }
}

/** Resolves once a path returns 200. */
export async function waitForResponse(port: number, path: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const outcome = await sendRequest({ port, path, timeoutMilliseconds: deadline - Date.now() });
    if (outcome.kind === "answered" && outcome.status === 200) return;
    await pause(10);
  }
  throw new Error(`Port ${port} did not respond within 30 s`);
}
