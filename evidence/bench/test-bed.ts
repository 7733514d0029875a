import { totalmem } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sql, type Kysely } from "kysely";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { pause } from "@/evidence/pause";
import { createDatabase, databaseUrl } from "@/evidence/database";
import { startApp, type App } from "@/scripts/app.mjs";
import { onExit } from "@/scripts/lifecycle.mjs";
import { findFreePort } from "@/scripts/loopback.mjs";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { DATA, ROOT } from "@/scripts/paths.mjs";
import { migrate } from "@/scripts/schema.mjs";
import { EMPTY_APP, SLOW_HASH_APP, SLOW_HASH_FACTOR, BASELINE } from "./build";
import { seedTimesAt, type SeedTimes } from "./seed-data";
import { cpuMicrosecondsOf } from "./cpu-time";
import { Probe } from "./probe";
import { ORIGIN } from "./requests";
import { seedDatabase } from "./seed";

/** Small enough to be nothing, large enough that nobody is asked for twice. */
const FEW_SESSIONS = 1000;
/** For the rows that end sessions, so that nobody else's is gone. */
const SPARE_SESSIONS = 200;
const BUFFER_POOL_BYTES = 1024 ** 3;

export interface SeededDatabase {
  url: string;
  db: Kysely<Database>;
  /** The sessions are numbered from 0; these many are everybody's, and none of them may end. */
  sessions: number;
  /** Numbers of further ones, to be taken away and used up. */
  spareOrdinals: number[];
  times: SeedTimes;
}

export interface RunningApp {
  /** In milliseconds of this process's clock. */
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

/** What is measured: databases and processes, each made when it is first asked for. */
export class TestBed {
  readonly #made = new Map<string, Promise<unknown>>();

  constructor(readonly server: Server) {}

  /** A few sessions, for everything that does not depend on how many there are. */
  smallDatabase(onProgress: OnProgress): Promise<SeededDatabase> {
    return this.#once("small", () => this.#fill(FEW_SESSIONS, onProgress));
  }

  largeDatabase(sessions: number, onProgress: OnProgress): Promise<SeededDatabase> {
    return this.#once("large-database", () => this.#fill(sessions, onProgress));
  }

  /** The app as it ships. */
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

  /** The copy of the app that has a page and a procedure left open. */
  baseline(onProgress: OnProgress): Promise<RunningApp> {
    const build = { entry: join(BASELINE, ".next", "entry", "main.mjs"), cwd: BASELINE };
    return this.#once("baseline", async () =>
      this.#open("baseline", { database: await this.smallDatabase(onProgress), ...build }),
    );
  }

  /** The copy of the app in which hashes take longer, and people whose passwords were hashed so. */
  slowHashApp(onProgress: OnProgress): Promise<RunningApp & { database: SeededDatabase }> {
    const build = { entry: join(SLOW_HASH_APP, ".next", "entry", "main.mjs"), cwd: SLOW_HASH_APP };
    return this.#once("slow-hash", async () => {
      const database = await this.#fill(FEW_SESSIONS, onProgress, SLOW_HASH_FACTOR);
      return { ...(await this.#open("slow-hash", { database, ...build })), database };
    });
  }

  /** Processor time that the database server has used so far. Null where it is not known. */
  databaseCpuMicroseconds(): number | null {
    return cpuMicrosecondsOf(this.server.pid);
  }

  /** The empty app of the framework. */
  emptyApp(): Promise<RunningApp> {
    return this.#once("empty-app", () => this.#open("empty-app", EMPTY_APP_SOURCE));
  }

  /** A further process of the app as it ships, only just started, which its caller ends. */
  async startNewApp(): Promise<RunningApp> {
    return this.#start("extra", { database: await this.smallDatabase(() => {}) });
  }

  /** The same of the empty app. */
  startNewEmptyApp(): Promise<RunningApp> {
    return this.#start("extra-empty-app", EMPTY_APP_SOURCE);
  }

  async #open(name: string, served: AppSource): Promise<RunningApp> {
    const runningApp = await this.#start(name, served);
    onExit(runningApp.app.stop);
    if (served.database === undefined) await waitForResponse(runningApp.port, "/");
    else await runningApp.app.ready();
    return runningApp;
  }

  async #start(name: string, { database, ...build }: AppSource): Promise<RunningApp> {
    const probePort = await findFreePort();
    const startedAt = performance.now();
    const app = await startApp({
      ...build,
      env: {
        APP_ORIGIN: ORIGIN,
        DATABASE_URL: database?.url,
        RATE_LIMIT_FACTOR: "100000",
        TRUSTED_PROXY_HOPS: "1",
        BENCH_PROBE_PORT: String(probePort),
        NODE_OPTIONS: `--import=${pathToFileURL(join(ROOT, "evidence", "bench", "probe.mjs"))}`,
      },
      log: join(DATA, "bench", "logs", `${name}.log`),
      until: "started",
    });
    return { startedAt, app, port: app.port, probe: new Probe(probePort) };
  }

  async #fill(sessions: number, onProgress: OnProgress, hashTimes = 1): Promise<SeededDatabase> {
    const url = databaseUrl(this.server, await createDatabase(this.server));
    await migrate(url);
    const db = connect(url, { poolSize: 2, statementSeconds: 120, lockSeconds: 60, acquireSeconds: 30 });
    onExit(() => db.destroy());
    await this.#once("memory", () => this.#widenMemory(db));
    const times = seedTimesAt(new Date());
    await seedDatabase(db, sessions + SPARE_SESSIONS, times, onProgress, hashTimes);
    const spareOrdinals = Array.from({ length: SPARE_SESSIONS }, (_, index) => sessions + index);
    return { url, db, sessions, spareOrdinals, times };
  }

  /** A million sessions fit into the memory of a server that is meant for them: the disk is not what is measured. */
  async #widenMemory(db: Kysely<Database>): Promise<void> {
    if (totalmem() < 4 * BUFFER_POOL_BYTES) return;
    await sql`set global innodb_buffer_pool_size = ${sql.lit(BUFFER_POOL_BYTES)}`.execute(db);
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made as Promise<T>;
  }
}

/** Resolves once an address is answered with 200. */
export async function waitForResponse(port: number, path: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await pause(10);
  }
  throw new Error(`Nobody answers on port ${port} after 30 s`);
}
