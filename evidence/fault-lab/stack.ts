import type { NetConnectOpts } from "node:net";
import type { Kysely } from "kysely";
import { connect } from "@/db/connect";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import type { Database } from "@/db/schema";
import { createDatabase, databaseUrl } from "@/evidence/database";
import { findServerPort } from "@/scripts/loopback.mjs";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { DatabaseProxy } from "./database-proxy";
import { currentBuild, Instance, type Build, type Environment, type Limits } from "./instance";
import { LoadBalancer } from "./load-balancer";

interface StackOptions {
  server: Server;
  /** The server of the second instance, if it is another node of one cluster. */
  secondServer?: Server;
  environment: Environment;
  random: () => number;
  /** The account of the instances. */
  user?: string;
  build?: Build;
  /** The ports of all servers, if DATABASE_URL is to name them; otherwise it names a proxy. */
  ports?: readonly number[];
}

/** Two instances of the built app behind a load balancer, and one database. */
export class Stack {
  databaseKills = 0;

  private constructor(
    readonly server: Server,
    readonly name: string,
    readonly user: string,
    /** A direct connection, not through the database proxies. */
    public db: Kysely<Database>,
    readonly loadBalancer: LoadBalancer,
    readonly instances: readonly [Instance, Instance],
    private environment: Environment,
    private readonly ports: readonly number[] | undefined,
  ) {}

  static async start({
    server,
    secondServer = server,
    environment,
    random,
    user = "root",
    build = currentBuild("lab"),
    ports,
  }: StackOptions): Promise<Stack> {
    const name = await createDatabase(server, user);
    await build.migrate(databaseUrl(server, name));
    const instances = await Promise.all([openInstance(server, 0, build), openInstance(secondServer, 1, build)]);
    const loadBalancer = await LoadBalancer.open(
      instances.map(({ port }) => port),
      random,
    );
    const stack = new Stack(
      server,
      name,
      user,
      connectDirectly(server, name),
      loadBalancer,
      instances,
      environment,
      ports,
    );
    await Promise.all(instances.map((instance) => stack.startInstance(instance)));
    return stack;
  }

  /** From now on another server has the database; the instances reach it when they connect again. */
  async moveTo(server: Server): Promise<void> {
    for (const { databaseProxy } of this.instances) databaseProxy.redirect(addressOf(server));
    await this.readFrom(server);
  }

  /** `db` leads to this server. */
  async readFrom(server: Server): Promise<void> {
    const previous = this.db;
    this.db = connectDirectly(server, this.name);
    await previous.destroy();
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
      DATABASE_URL: this.#urlOf(instance),
    };
    await instance.start(variables, limits);
  }

  #urlOf({ databaseProxy }: Instance): string {
    if (this.ports === undefined) return databaseProxy.urlFor(this.name, this.user);
    return `mysql://${this.user}@${this.ports.map((port) => `127.0.0.1:${port}`).join(",")}/${this.name}`;
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

async function openInstance(server: Server, index: number, build: Build): Promise<Instance> {
  return new Instance(index, await findServerPort(), await openDatabaseProxy(server), build);
}

export async function openDatabaseProxy(server: Server): Promise<DatabaseProxy> {
  const address = addressOf(server);
  return DatabaseProxy.open(() => address);
}

export function addressOf(server: Server): NetConnectOpts {
  const [{ socketPath, host, port }] = parseDatabaseUrl(server.url);
  return socketPath === undefined ? { host, port: port ?? 3306 } : { path: socketPath };
}

function connectDirectly(server: Server, name: string): Kysely<Database> {
  return connect(databaseUrl(server, name), {
    poolSize: 8,
    queueLimit: 2000,
    acquireSeconds: 30,
    statementSeconds: 60,
  });
}
