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
import { BARE, DEAR, DEAR_TIMES, TWINS } from "./build";
import { pastOf, type Past } from "./people";
import { cpuMicrosecondsOf } from "./processor-time";
import { Probe } from "./probe";
import { ORIGIN } from "./requests";
import { seed } from "./seed";

/** Small enough to be nothing, large enough that nobody is asked for twice. */
const FEW_SESSIONS = 1000;
/** For the rows that end sessions, so that nobody else's is gone. */
const SPARE_SESSIONS = 200;
const BUFFER_POOL_BYTES = 1024 ** 3;

export interface Filled {
  url: string;
  db: Kysely<Database>;
  /** The sessions are numbered from 0; these many are everybody's, and none of them may end. */
  sessions: number;
  /** Numbers of further ones, to be taken away and used up. */
  spare: number[];
  past: Past;
}

export interface Site {
  /** In milliseconds of this process's clock. */
  startedAt: number;
  app: App;
  port: number;
  probe: Probe;
}

interface Served {
  database?: Filled;
  entry?: string;
  cwd?: string;
}

const EMPTY_APP: Served = { entry: join(ROOT, "evidence", "bench", "bare", "main.mjs"), cwd: BARE };

type Say = (detail: string) => void;

/** What is measured: databases and processes, each made when it is first asked for. */
export class Stage {
  readonly #made = new Map<string, Promise<unknown>>();

  constructor(readonly server: Server) {}

  /** A few sessions, for everything that does not depend on how many there are. */
  few(say: Say): Promise<Filled> {
    return this.#once("few", () => this.#fill(FEW_SESSIONS, say));
  }

  many(sessions: number, say: Say): Promise<Filled> {
    return this.#once("many", () => this.#fill(sessions, say));
  }

  /** The app as it ships. */
  product(say: Say): Promise<Site> {
    return this.#once("product", async () => this.#open("product", { database: await this.few(say) }));
  }

  /** Another instance on the same database. */
  second(say: Say): Promise<Site> {
    return this.#once("second", async () => this.#open("second", { database: await this.few(say) }));
  }

  crowded(sessions: number, say: Say): Promise<Site> {
    return this.#once("crowded", async () => this.#open("crowded", { database: await this.many(sessions, say) }));
  }

  /** The copy of the app that has a page and a procedure left open. */
  twins(say: Say): Promise<Site> {
    const build = { entry: join(TWINS, ".next", "entry", "main.mjs"), cwd: TWINS };
    return this.#once("twins", async () => this.#open("twins", { database: await this.few(say), ...build }));
  }

  /** The copy of the app in which hashes take longer, and people whose passwords were hashed so. */
  dear(say: Say): Promise<Site & { database: Filled }> {
    const build = { entry: join(DEAR, ".next", "entry", "main.mjs"), cwd: DEAR };
    return this.#once("dear", async () => {
      const database = await this.#fill(FEW_SESSIONS, say, DEAR_TIMES);
      return { ...(await this.#open("dear", { database, ...build })), database };
    });
  }

  /** Processor time that the database server has used so far. Null where it is not known. */
  databaseCpuMicroseconds(): number | null {
    return cpuMicrosecondsOf(this.server.pid);
  }

  /** The empty app of the framework. */
  bare(): Promise<Site> {
    return this.#once("bare", () => this.#open("bare", EMPTY_APP));
  }

  /** A further process of the app as it ships, only just started, which its caller ends. */
  async startProduct(): Promise<Site> {
    return this.#start("extra", { database: await this.few(() => {}) });
  }

  /** The same of the empty app. */
  startBare(): Promise<Site> {
    return this.#start("extra-bare", EMPTY_APP);
  }

  async #open(name: string, served: Served): Promise<Site> {
    const site = await this.#start(name, served);
    onExit(site.app.stop);
    if (served.database === undefined) await untilAnswered(site.port, "/");
    else await site.app.ready();
    return site;
  }

  async #start(name: string, { database, ...build }: Served): Promise<Site> {
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

  async #fill(sessions: number, say: Say, hashTimes = 1): Promise<Filled> {
    const url = databaseUrl(this.server, await createDatabase(this.server));
    await migrate(url);
    const db = connect(url, { poolSize: 2, statementSeconds: 120, lockSeconds: 60, acquireSeconds: 30 });
    onExit(() => db.destroy());
    await this.#once("memory", () => this.#widenMemory(db));
    const past = pastOf(new Date());
    await seed(db, sessions + SPARE_SESSIONS, past, say, hashTimes);
    const spare = Array.from({ length: SPARE_SESSIONS }, (_, index) => sessions + index);
    return { url, db, sessions, spare, past };
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
export async function untilAnswered(port: number, path: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await pause(10);
  }
  throw new Error(`Nobody answers on port ${port} after 30 s`);
}
