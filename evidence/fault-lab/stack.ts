import type { Kysely } from "kysely";
import { connect } from "@/db/connect";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import type { Database } from "@/db/schema";
import { createDatabase, databaseUrl } from "@/evidence/database";
import { findFreePort } from "@/scripts/loopback.mjs";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { migrate } from "@/scripts/schema.mjs";
import { DatabaseProxy } from "./database-proxy";
import { Instance, type Environment, type Limits } from "./instance";
import { LoadBalancer } from "./load-balancer";

/** Two instances of the built app behind a load balancer, and one database. */
export class Stack {
  databaseKills = 0;

  private constructor(
    readonly server: Server,
    readonly name: string,
    /** A direct connection, not through the database proxies. */
    readonly db: Kysely<Database>,
    readonly loadBalancer: LoadBalancer,
    readonly instances: readonly [Instance, Instance],
    private environment: Environment,
  ) {}

  static async start(server: Server, environment: Environment, random: () => number): Promise<Stack> {
    const name = await createDatabase(server);
    await migrate(databaseUrl(server, name));
    const instances = await Promise.all([openInstance(server, 0), openInstance(server, 1)]);
    const loadBalancer = await LoadBalancer.open(
      instances.map(({ port }) => port),
      random,
    );
    const db = connect(databaseUrl(server, name), {
      poolSize: 8,
      queueLimit: 2000,
      acquireSeconds: 30,
      statementSeconds: 60,
    });
    const stack = new Stack(server, name, db, loadBalancer, instances, environment);
    await Promise.all(instances.map((instance) => stack.startInstance(instance)));
    return stack;
  }

  get origin(): string {
    return `http://localhost:${this.loadBalancer.port}`;
  }

  async startInstance(instance: Instance, limits?: Limits): Promise<void> {
    const variables = {
      LOG_LEVEL: "debug",
      RATE_LIMIT_FACTOR: "100000",
      ...this.environment,
      APP_ORIGIN: this.origin,
      DATABASE_URL: instance.databaseProxy.urlFor(this.name),
    };
    await instance.start(variables, limits);
  }

  /** Restarts both instances with another environment. */
  async restartWith(environment: Environment): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.stop()));
    this.environment = environment;
    await Promise.all(this.instances.map((instance) => this.startInstance(instance)));
  }

  async killDatabase(): Promise<void> {
    this.databaseKills += 1;
    await this.server.kill();
  }

  async stop(): Promise<void> {
    this.loadBalancer.close();
    await Promise.all(this.instances.map((instance) => instance.kill()));
    for (const { databaseProxy } of this.instances) databaseProxy.close();
    await this.db.destroy();
  }
}

async function openInstance(server: Server, index: number): Promise<Instance> {
  return new Instance(index, await findFreePort(), await openDatabaseProxy(server));
}

export async function openDatabaseProxy(server: Server): Promise<DatabaseProxy> {
  const [{ socketPath, host, port }] = parseDatabaseUrl(server.url);
  return DatabaseProxy.open(socketPath === undefined ? { host, port: port ?? 3306 } : { path: socketPath });
}
